"""Fault injection: what goes wrong when a test asks for it.

    sandbox.fault_injection.rate_limit("POST /channels/*/messages", times=2)
    sandbox.fault_injection.refuse("attach_files", channel="fan-art")
    await sandbox.fault_injection.drop_gateway(hold=True)

Three things can be made to fail: REST requests of the bot (rate limits, errors, slowness), its
gateway connections (cut, closed, invalidated, unacknowledged), and its permissions and intents.
Humans, on the page or driven by tests, never meet an injected fault.
"""

from __future__ import annotations

import asyncio
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from sandbox.rest.api import Outcome
from sandbox.rest.cdn import BrokenDownload
from sandbox.rest.rate_limits import RateLimitedError
from sandbox.state import errors
from sandbox.state.entities import Channel, ChannelType, Overwrite
from sandbox.state.errors import ApiError
from sandbox.state.events import Event
from sandbox.state.intents import PRIVILEGED
from sandbox.state.permissions import NOTHING, permission_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.gateway.gateway import Gateway
    from sandbox.state.entities import Json
    from sandbox.state.state import State
    from sandbox.testing.places import Places


@dataclass(slots=True)
class InjectedFault:
    """A rule: the next `times` requests that fit `route` (None: all) meet it.

    `route` is a method and a path below the API's base with `*` for anything, such as
    `"POST /channels/*/messages"`; `"*"` is every request. `delay` is in seconds, before anything
    else; `error` or `outcome` what comes then, None to go on as usual. `met` counts.
    """

    route: str
    times: int | None = 1
    delay: float = 0.0
    error: ApiError | None = None
    outcome: Outcome | None = None
    met: int = 0

    def fits(self, method: str, path: str) -> bool:
        """Whether a request meets it, and it isn't used up."""
        left = self.times is None or self.met < self.times
        return left and (self.route == "*" or fnmatchcase(f"{method} {path}", self.route))


class FaultInjection:
    """Injects faults into what the bot does, until they are used up or `clear` is called."""

    def __init__(self, state: State, gateway: Gateway, places: Places) -> None:
        self._world = state.world
        self._stream = state.stream
        self._bot = state.world.bot
        self._gateway = gateway
        self._places = places
        self._faults: list[InjectedFault] = []
        self._downloads: dict[str, BrokenDownload] = {}

    # --- REST -----------------------------------------------------------------------------------

    async def intercept(self, method: str, path: str) -> Outcome | None:
        """Meet the first fault that fits a request of the bot: wait, or raise its ApiError."""
        for fault in self._faults:
            if fault.fits(method, path):
                fault.met += 1
                if fault.delay:
                    await asyncio.sleep(fault.delay)
                if fault.error is not None:
                    raise fault.error
                return fault.outcome
        return None

    def _add(self, fault: InjectedFault) -> InjectedFault:
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Let all of the bot's requests succeed again."""
        self._faults.clear()
        self._downloads.clear()

    def rate_limit(
        self,
        route: str = "*",
        *,
        times: int | None = 1,
        retry_after: float = 0.2,
        is_global: bool = False,
        via: bool = True,
    ) -> InjectedFault:
        """Answer the next requests that fit a route with 429 (see `InjectedFault.route`)."""
        error = RateLimitedError(retry_after, is_global=is_global, via=via)
        return self._add(InjectedFault(route, times, error=error))

    def fail(
        self,
        route: str,
        status: int,
        code: int = 0,
        message: str = "Internal Server Error",
        *,
        times: int | None = 1,
    ) -> InjectedFault:
        """Answer the next requests that fit a route with an error."""
        return self._add(InjectedFault(route, times, error=errors.ApiError(status, code, message)))

    def cut(
        self,
        route: str,
        when: Literal["before", "after"] = "before",
        *,
        times: int | None = 1,
    ) -> InjectedFault:
        """Cut the connection of requests that fit a route, before or after they are done."""
        return self._add(InjectedFault(route, times, outcome=Outcome(cut=when)))

    def answer(self, route: str, answer: Any, *, times: int | None = 1) -> InjectedFault:
        """Answer requests that fit a route with other JSON, and do nothing."""
        return self._add(InjectedFault(route, times, outcome=Outcome(answer=answer)))

    def damage_answer(
        self, route: str, damage: Callable[[Any], object], *, times: int | None = 1
    ) -> InjectedFault:
        """Change the JSON that requests get that fit a route."""
        return self._add(InjectedFault(route, times, outcome=Outcome(damage=damage)))

    def refuse_edits(self, *, times: int | None = None) -> InjectedFault:
        """Refuse further edits of messages, as Discord does with old ones (30046)."""
        return self.fail(
            "PATCH /channels/*/messages/*",
            429,
            30046,
            "Maximum number of edits to messages older than 1 hour reached. Try again later",
            times=times,
        )

    def slow_down(self, route: str, seconds: float, *, times: int | None = None) -> InjectedFault:
        """Let requests that fit a route take longer."""
        return self._add(InjectedFault(route, times, delay=seconds))

    # --- downloads ------------------------------------------------------------------------------

    def break_download(
        self, name: str, *, sent: int = 0, stall: float | None = None, times: int = 1
    ) -> BrokenDownload:
        """Break the next downloads of a file after some bytes: see `BrokenDownload`."""
        broken = self._downloads[name] = BrokenDownload(sent, stall, times)
        return broken

    def broken_download(self, name: str, start: int) -> BrokenDownload | None:
        """Meet the fault of a file's download from a byte on, unless it is used up."""
        broken = self._downloads.get(name)
        if broken is None:
            return None
        broken.starts.append(start)
        if broken.met >= broken.times:
            return None
        broken.met += 1
        return broken

    # --- the gateway ----------------------------------------------------------------------------

    async def drop_gateway(
        self, *, resume: bool = True, hold: bool = False, shard: int | None = None
    ) -> None:
        """Cut the bot's connections as a lost network does.

        Args:
            shard: The one shard whose connections are cut; None cuts all.
            resume: Whether the sessions can be resumed afterwards.
            hold: Let nobody in until `release_gateway`, so that something can be missed.

        """
        if hold:
            self._gateway.hold()
        await self._gateway.drop(shard)
        if not resume:
            self._gateway.forget_sessions()

    def release_gateway(self) -> None:
        """Let the bot connect again after `drop_gateway`."""
        self._gateway.release()

    async def close_gateway(self, code: int, *, shard: int | None = None) -> None:
        """Close the bot's connections, or a shard's, such as with 4000 (resume) or 4014 (don't)."""
        await self._gateway.close(code, shard=shard)

    def ask_reconnect(self) -> None:
        """Ask the bot to reconnect and resume (op 7)."""
        self._gateway.ask_reconnect()

    def invalidate_session(self, *, resumable: bool = False) -> None:
        """Declare the bot's session invalid (op 9)."""
        self._gateway.invalidate(resumable=resumable)

    def refuse_gateway(self, *, refuse: bool = True) -> None:
        """Answer nobody who wants to connect but with 503, as a gateway that is down."""
        self._gateway.away = refuse

    def damage_event(self, name: str, damage: Callable[[Json], object], *, times: int = 1) -> None:
        """Change the data of the next events of a name; `damage` gets a copy, and changes that."""
        left = times

        def change(event: str, data: Json) -> Json:
            nonlocal left
            if event != name or not left:
                return data
            left -= 1
            data = deepcopy(data)
            damage(data)
            return data

        self._gateway.damage = change

    def ignore_heartbeats(self, *, ignore: bool = True) -> None:
        """Acknowledge no heartbeat any more: the bot should take the connection for dead."""
        self._gateway.acknowledge_heartbeats = not ignore

    # --- permissions and intents ----------------------------------------------------------------

    def grant_intents(self, *names: str) -> None:
        """Grant exactly these privileged intents; it counts from the next IDENTIFY on."""
        unknown = set(names) - set(PRIVILEGED)
        if unknown:
            raise ValueError(f"no privileged intent {unknown.pop()!r}: {', '.join(PRIVILEGED)}")
        self._world.granted_intents = set(names)

    def refuse(self, *permissions: str, channel: Channel | str | None = None) -> None:
        """Take permissions from the bot, in one channel or in every one of the first server."""
        self._set_permissions(permissions, channel, refused=True)

    def allow(self, *permissions: str, channel: Channel | str | None = None) -> None:
        """Grant the bot the permissions that `refuse` took."""
        self._set_permissions(permissions, channel, refused=False)

    def _set_permissions(
        self, names: Iterable[str], channel: Channel | str | None, *, refused: bool
    ) -> None:
        bits = NOTHING
        for name in names:
            bits |= permission_named(name)
        if channel is None:
            every = self._places.server.channels.values()
            where = [item for item in every if item.type is ChannelType.TEXT]
        else:
            where = [self._places.channel(channel)]
        for item in where:
            rule = item.overwrites.setdefault(self._bot.id, Overwrite(self._bot.id, member=True))
            rule.deny = rule.deny | bits if refused else rule.deny & ~bits
            self._stream.emit(Event("channel_update", item.server, item))
