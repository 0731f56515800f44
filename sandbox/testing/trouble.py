"""Trouble on demand: the gateway's, the API's, and missing permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.gateway.dispatches import PRIVILEGED
from sandbox.state import errors
from sandbox.state.events import Event
from sandbox.state.permissions import NOTHING, permission_named
from sandbox.state.places import Places
from sandbox.state.world import Channel, ChannelType, Overwrite
from sandbox.testing.faults import Fault, Faults, RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.gateway.sessions import Gateway


class Trouble(Places):
    """The part of `Sandbox` that lets things go wrong."""

    faults: Faults
    _gateway: Gateway

    def grant_intents(self, *names: str) -> None:
        """Grant exactly these privileged intents; it counts from the next IDENTIFY on."""
        unknown = set(names) - set(PRIVILEGED)
        if unknown:
            raise ValueError(f"no privileged intent {unknown.pop()!r}: {', '.join(PRIVILEGED)}")
        self.world.granted_intents = set(names)

    async def drop_gateway(self, *, resume: bool = True, hold: bool = False) -> None:
        """Cut the bot's connections as a lost network does.

        Args:
            resume: Whether the sessions can be resumed afterwards.
            hold: Let nobody in until `release_gateway`, so that something can be missed.

        """
        if hold:
            self._gateway.hold()
        await self._gateway.drop()
        if not resume:
            self._gateway.forget_sessions()

    def release_gateway(self) -> None:
        """Let the bot connect again."""
        self._gateway.release()

    async def close_gateway(self, code: int) -> None:
        """Close the bot's connections with a code, such as 4000 (resume) or 4014 (don't)."""
        await self._gateway.close(code)

    def ask_reconnect(self) -> None:
        """Ask the bot to reconnect and resume (op 7)."""
        self._gateway.ask_reconnect()

    def invalidate_session(self, *, resumable: bool = False) -> None:
        """Tell the bot that its session is invalid (op 9)."""
        self._gateway.invalidate(resumable=resumable)

    def ignore_heartbeats(self, *, ignore: bool = True) -> None:
        """Acknowledge no heartbeat any more: the bot should take the connection for dead."""
        self._gateway.acknowledge_heartbeats = not ignore

    def recommend_shards(self, count: int) -> None:
        """Set how many shards `/gateway/bot` recommends."""
        self._gateway.shards = count

    @property
    def identifies(self) -> int:
        """How often the bot has identified."""
        return self._gateway.identifies

    @property
    def resumes(self) -> int:
        """How often the bot has resumed."""
        return self._gateway.resumes

    def rate_limit(
        self,
        route: str = "*",
        *,
        times: int | None = 1,
        retry_after: float = 0.2,
        is_global: bool = False,
    ) -> Fault:
        """Answer the next requests that fit a route with 429 (see `Fault.route`)."""
        error = RateLimitedError(retry_after, is_global=is_global)
        return self.faults.add(Fault(route, times, error=error))

    def fail(
        self,
        route: str,
        status: int,
        code: int = 0,
        message: str = "Internal Server Error",
        *,
        times: int | None = 1,
    ) -> Fault:
        """Answer the next requests that fit a route with an error."""
        return self.faults.add(Fault(route, times, error=errors.ApiError(status, code, message)))

    def refuse_edits(self, *, times: int | None = None) -> Fault:
        """Refuse further edits of messages, as Discord does with old ones (30046)."""
        return self.fail(
            "PATCH /channels/*/messages/*",
            429,
            30046,
            "Maximum number of edits to messages older than 1 hour reached. Try again later",
            times=times,
        )

    def slow_down(self, route: str, seconds: float, *, times: int | None = None) -> Fault:
        """Let requests that fit a route take longer."""
        return self.faults.add(Fault(route, times, delay=seconds))

    def refuse(self, *permissions: str, channel: Channel | str | None = None) -> None:
        """Take permissions from the bot, in one channel or in every one of the first server."""
        self._set_permissions(permissions, channel, refused=True)

    def allow(self, *permissions: str, channel: Channel | str | None = None) -> None:
        """Give the bot permissions back that `refuse` took."""
        self._set_permissions(permissions, channel, refused=False)

    def _set_permissions(
        self, names: Iterable[str], channel: Channel | str | None, *, refused: bool
    ) -> None:
        bits = NOTHING
        for name in names:
            bits |= permission_named(name)
        if channel is None:
            every = self.server.channels.values()
            where = [item for item in every if item.type is ChannelType.TEXT]
        else:
            where = [self.channel(channel) if isinstance(channel, str) else channel]
        for item in where:
            rule = item.overwrites.setdefault(self.bot.id, Overwrite(self.bot.id, member=True))
            rule.deny = rule.deny | bits if refused else rule.deny & ~bits
            self.stream.emit(Event("channel_update", item.server, item))
