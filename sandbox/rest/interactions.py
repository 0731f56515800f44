"""REST routes of application commands, interaction answers and the webhook behind a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.rest.payloads import message_json
from sandbox.rest.routing import Call, Route, Routes, body_of
from sandbox.state import errors
from sandbox.state.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.state.interactions import Interaction

_GLOBAL = "/applications/{application_id}/commands"
_SERVER = "/applications/{application_id}/guilds/{guild_id}/commands"
_WEBHOOK = "/webhooks/{webhook_id}/{token}"
_ANSWER = _WEBHOOK + "/messages/{message_id}"


class InteractionRoutes(Routes):
    """What the bot registers, and how it answers."""

    def routes(self) -> Iterable[Route]:
        """List these routes."""
        for base in (_GLOBAL, _SERVER):
            yield "GET", base, self.commands
            yield "PUT", base, self.replace_commands
            yield "POST", base, self.add_command
            yield "GET", base + "/{command_id}", self.command
            yield "PATCH", base + "/{command_id}", self.change_command
            yield "DELETE", base + "/{command_id}", self.remove_command
        yield "POST", "/interactions/{interaction_id}/{token}/callback", self.respond
        yield "POST", _WEBHOOK, self.follow_up
        yield "GET", _ANSWER, self.answer
        yield "PATCH", _ANSWER, self.edit_answer
        yield "DELETE", _ANSWER, self.delete_answer

    # --- commands -------------------------------------------------------------------------------

    def _scope(self, call: Call) -> int | None:
        if call.id("application_id") != self._bot.id:
            raise errors.ApiError(403, 20012, "You are not authorized to do this")
        if "guild_id" not in call.request.match_info:
            return None
        if call.id("guild_id") not in self._world.servers:
            raise errors.missing_access()
        return call.id("guild_id")

    def _changed(self) -> None:
        self._api.actions.stream.emit(Event("commands", user=self._bot))

    async def commands(self, call: Call) -> Any:
        """`GET .../commands`."""
        return self._api.commands.all(self._scope(call))

    async def replace_commands(self, call: Call) -> Any:
        """`PUT .../commands`: these instead of what was."""
        made = self._api.commands.replace(call.body or [], self._scope(call))
        self._changed()
        return made

    async def add_command(self, call: Call) -> Any:
        """`POST .../commands`: one more."""
        command = self._api.commands.add(body_of(call), self._scope(call))
        self._changed()
        return command

    async def command(self, call: Call) -> Any:
        """`GET .../commands/{}`."""
        return self._api.commands.get(call.id("command_id"), self._scope(call))

    async def change_command(self, call: Call) -> Any:
        """`PATCH .../commands/{}`."""
        scope = self._scope(call)
        known = self._api.commands.get(call.id("command_id"), scope)
        command = self._api.commands.add(known | body_of(call), scope)
        self._changed()
        return command

    async def remove_command(self, call: Call) -> None:
        """`DELETE .../commands/{}`."""
        self._api.commands.remove(call.id("command_id"), self._scope(call))
        self._changed()

    # --- answers --------------------------------------------------------------------------------

    async def respond(self, call: Call) -> Any:
        """`POST /interactions/{}/{}/callback`: the first answer."""
        interaction = await self._api.interactions.respond(
            call.id("interaction_id"), call.text("token"), body_of(call), call.uploads
        )
        if call.query("with_response").lower() in ("1", "true"):
            return self._api.interactions.callback_json(interaction)
        return None

    def _interaction(self, call: Call) -> Interaction:
        return self._api.interactions.by_token(call.id("webhook_id"), call.text("token"))

    async def follow_up(self, call: Call) -> Any:
        """`POST /webhooks/{}/{}`: a later answer."""
        message = await self._api.interactions.follow_up(
            self._interaction(call), body_of(call), call.uploads
        )
        return message_json(self._world, message)

    async def answer(self, call: Call) -> Any:
        """`GET /webhooks/{}/{}/messages/{id or @original}`."""
        message = self._api.interactions.message(self._interaction(call), call.text("message_id"))
        return message_json(self._world, message)

    async def edit_answer(self, call: Call) -> Any:
        """`PATCH /webhooks/{}/{}/messages/{id or @original}`."""
        message = await self._api.interactions.edit(
            self._interaction(call), call.text("message_id"), body_of(call), call.uploads
        )
        return message_json(self._world, message)

    async def delete_answer(self, call: Call) -> None:
        """`DELETE /webhooks/{}/{}/messages/{id or @original}`."""
        self._api.interactions.delete(self._interaction(call), call.text("message_id"))
