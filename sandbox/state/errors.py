"""Refusals in Discord's own words: an HTTP status, an error code, a sentence."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request is refused: answered with `status` and `{"message", "code", "errors"?}`."""

    def __init__(
        self, status: int, code: int, message: str, errors: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """Return the JSON answer."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body

    def below(self, key: str) -> ApiError:
        """Return the same refusal, of values that stand below a key of the request."""
        nested = {key: self.errors} if self.errors else None
        return ApiError(self.status, self.code, self.message, nested)


class UsageError(ApiError):
    """A command, component or form can't be used like that; the text says why, for the user."""

    def __init__(self, text: str) -> None:
        super().__init__(400, 50035, text)


def unknown_channel() -> ApiError:
    """No channel has this id."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_server() -> ApiError:
    """No server has this id, or the bot isn't in it."""
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    """The user isn't in that server."""
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    """The message was deleted, never was, or isn't in that channel."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    """No user has this id."""
    return ApiError(404, 10013, "Unknown User")


def unknown_emoji() -> ApiError:
    """That is no emoji."""
    return ApiError(400, 10014, "Unknown Emoji")


def unknown_sticker() -> ApiError:
    """No sticker has this id."""
    return ApiError(404, 10060, "Unknown sticker")


def unknown_webhook() -> ApiError:
    """A follow-up came before the interaction was answered, or to no interaction."""
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    """The interaction was not answered within its time, or never was."""
    return ApiError(404, 10062, "Unknown interaction")


def unknown_command() -> ApiError:
    """No application command has this id."""
    return ApiError(404, 10063, "Unknown application command")


def already_acknowledged() -> ApiError:
    """The interaction has had its first answer."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def invalid_webhook_token() -> ApiError:
    """The interaction's token is older than its 15 minutes."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def no_bots() -> ApiError:
    """The route is for users' own clients."""
    return ApiError(403, 20001, "Bots cannot use this endpoint")


def only_bots() -> ApiError:
    """The route is for bots."""
    return ApiError(403, 20002, "Only bots can use this endpoint")


def missing_access() -> ApiError:
    """The channel may not be viewed."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """A permission other than viewing is missing."""
    return ApiError(403, 50013, "Missing Permissions")


def cannot_message_user() -> ApiError:
    """The user takes no direct messages."""
    return ApiError(403, 50007, "Cannot send messages to this user")


def too_large() -> ApiError:
    """A file is above the server's upload limit."""
    return ApiError(413, 40005, "Request entity too large")


def empty_message() -> ApiError:
    """A message without text, embed, file, sticker or component."""
    return ApiError(400, 50006, "Cannot send an empty message")


def other_author() -> ApiError:
    """Only one's own messages can be edited."""
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def invalid_form(field: str, code: str, message: str) -> ApiError:
    """A value breaks a limit of the API. `field` is its dotted path in the body."""
    nested: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(field.split(".")):
        nested = {part: nested}
    return ApiError(400, 50035, "Invalid Form Body", nested)
