"""REST routes of application commands, users' requests, and the answers of the bot to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.rest.api import Call, Route, Routes, body_of, for_bots_only, for_users_only
from sandbox.state import errors
from sandbox.state.events import Event
from sandbox.state.payloads.interactions import callback_json
from sandbox.state.payloads.messages import message_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.state.entities import Json
    from sandbox.state.interaction import Interaction

_GLOBAL = "/applications/{application_id}/commands"
_SERVER = "/applications/{application_id}/guilds/{guild_id}/commands"
_WEBHOOK = "/webhooks/{webhook_id}/{token}"
_ANSWER = _WEBHOOK + "/messages/{message_id}"


class InteractionRoutes(Routes):
    """What the bot registers, what humans ask of it, and how it answers."""

    def routes(self) -> Iterable[Route]:
        """List these routes."""
        for base in (_GLOBAL, _SERVER):
            yield "GET", base, self.commands
            yield "PUT", base, self.replace_commands
            yield "POST", base, self.add_command
            yield "GET", base + "/{command_id}", self.command
            yield "PATCH", base + "/{command_id}", self.change_command
            yield "DELETE", base + "/{command_id}", self.remove_command
        yield "GET", "/channels/{channel_id}/application-command-index", self.offered
        yield "POST", "/interactions", self.ask
        yield "POST", "/interactions/{interaction_id}/{token}/callback", self.respond
        yield "POST", _WEBHOOK, self.follow_up
        yield "GET", _ANSWER, self.answer
        yield "PATCH", _ANSWER, self.edit_answer
        yield "DELETE", _ANSWER, self.delete_answer

    # --- commands -------------------------------------------------------------------------------

    def _scope(self, call: Call) -> int | None:
        for_bots_only(call)
        if call.id("application_id") != self._bot.id:
            raise errors.ApiError(403, 20012, "You are not authorized to do this")
        if "guild_id" not in call.request.match_info:
            return None
        if call.id("guild_id") not in self._world.servers:
            raise errors.missing_access()
        return call.id("guild_id")

    def _changed(self) -> None:
        self._state.stream.emit(Event("commands", user=self._bot))

    async def commands(self, call: Call) -> Any:
        """`GET .../commands`."""
        return self._state.commands.all(self._scope(call))

    async def replace_commands(self, call: Call) -> Any:
        """`PUT .../commands`: these instead of what was."""
        made = self._state.commands.replace(call.body or [], self._scope(call))
        self._changed()
        return made

    async def add_command(self, call: Call) -> Any:
        """`POST .../commands`: one more."""
        command = self._state.commands.add(body_of(call), self._scope(call))
        self._changed()
        return command

    async def command(self, call: Call) -> Any:
        """`GET .../commands/{}`."""
        return self._state.commands.get(call.id("command_id"), self._scope(call))

    async def change_command(self, call: Call) -> Any:
        """`PATCH .../commands/{}`."""
        scope = self._scope(call)
        known = self._state.commands.get(call.id("command_id"), scope)
        command = self._state.commands.add(known | body_of(call), scope)
        self._changed()
        return command

    async def remove_command(self, call: Call) -> None:
        """`DELETE .../commands/{}`."""
        self._state.commands.remove(call.id("command_id"), self._scope(call))
        self._changed()

    # --- what humans do -------------------------------------------------------------------------

    async def offered(self, call: Call) -> Json:
        """`GET /channels/{}/application-command-index`: the commands a human is offered there."""
        for_users_only(call)
        channel = self._api.channel(call)
        return {
            "applications": [{"id": str(self._bot.id), "name": self._bot.display_name}],
            "application_commands": self._state.commands.visible(call.user, channel),
        }

    async def ask(self, call: Call) -> None:
        """`POST /interactions`: a command, autocomplete, button, select or form."""
        for_users_only(call)
        try:
            await self._state.requests.start(call.user, body_of(call), call.uploads)
        except (KeyError, TypeError, ValueError) as error:
            raise errors.ApiError(400, 50035, f"Invalid Form Body: {error!r}") from error

    # --- answers --------------------------------------------------------------------------------

    async def respond(self, call: Call) -> Any:
        """`POST /interactions/{}/{}/callback`: the first answer."""
        interaction = await self._state.interactions.respond(
            call.id("interaction_id"), call.text("token"), body_of(call), call.uploads
        )
        if call.query("with_response").lower() in ("1", "true"):
            return callback_json(self._world, interaction)
        return None

    def _interaction(self, call: Call) -> Interaction:
        return self._state.interactions.by_token(call.id("webhook_id"), call.text("token"))

    async def follow_up(self, call: Call) -> Any:
        """`POST /webhooks/{}/{}`: a later answer."""
        message = await self._state.interactions.follow_up(
            self._interaction(call), body_of(call), call.uploads
        )
        return message_json(self._world, message)

    async def answer(self, call: Call) -> Any:
        """`GET /webhooks/{}/{}/messages/{id or @original}`."""
        message = self._state.interactions.message(self._interaction(call), call.text("message_id"))
        return message_json(self._world, message)

    async def edit_answer(self, call: Call) -> Any:
        """`PATCH /webhooks/{}/{}/messages/{id or @original}`."""
        message = await self._state.interactions.edit(
            self._interaction(call), call.text("message_id"), body_of(call), call.uploads
        )
        return message_json(self._world, message)

    async def delete_answer(self, call: Call) -> None:
        """`DELETE /webhooks/{}/{}/messages/{id or @original}`."""
        self._state.interactions.delete(self._interaction(call), call.text("message_id"))
