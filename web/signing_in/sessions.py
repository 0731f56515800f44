"""Sessions: a signed, http-only, same-site cookie, whose token changes while it is used.

The database keeps hashes of tokens. A token that another took the place of is good until that one
was used, and for a minute, as a browser asks for several things at once; later it can only be a
copy, and ends the session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Final

from itsdangerous import BadSignature, Signer

from bot.storage.records.sessions import UNUSED

if TYPE_CHECKING:
    from multidict import CIMultiDict

    from bot.config import WebConfig
    from bot.storage.records import NewSession, Session
    from bot.storage.sessions import SessionRepository

ROTATED: Final = timedelta(minutes=15)
"""A token is good for so long, then another takes its place."""
OVERLAP: Final = timedelta(minutes=1)


class Sessions:
    """Begins, finds and ends sessions of one site."""

    def __init__(self, config: WebConfig, kept: SessionRepository) -> None:
        self._kept = kept
        # Whoever makes a new client secret signs everybody out, and need keep no further secret.
        secret = config.client_secret.get_secret_value()
        self._key = hashlib.sha256(b"moedex site " + secret.encode()).digest()
        self._signer = Signer(self._key, salt="session", digest_method=hashlib.sha256)
        self._attempts = Signer(self._key, salt="attempt", digest_method=hashlib.sha256)
        self.secure = config.public_url.startswith("https://")
        """Whether browsers send cookies over HTTPS alone."""

    @property
    def cookie(self) -> str:
        """The cookie's name; `__Host-` binds it to this very host."""
        return "__Host-moedex" if self.secure else "moedex"

    async def begin(self, who: NewSession) -> tuple[Session, str]:
        """Begin a session; returns it with the cookie's value."""
        now = datetime.now(UTC)
        await self._kept.end_old(now)
        token = secrets.token_urlsafe(32)
        return await self._kept.add(who, token, now), self._sign(token)

    async def find(self, cookie: str) -> tuple[Session, str] | None:
        """Return the session of a cookie, with the cookie's new value where it is to change.

        None where the cookie is none of ours, or its session has ended.
        """
        try:
            token = self._signer.unsign(cookie).decode()
        except BadSignature:
            return None
        session = await self._kept.by_token(token)
        if session is None:
            return None
        now = datetime.now(UTC)
        overlaps = now - session.rotated <= OVERLAP
        confirmed = session.seen > session.rotated
        copied = not session.current and confirmed and not overlaps
        if copied or session.is_over(now):
            await self._kept.end(session.who.user_id, session.id)
            return None
        # The answer that brought the present token may have been lost on its way.
        lost = not session.current and not overlaps
        if lost or (session.current and now - session.rotated > ROTATED):
            new = secrets.token_urlsafe(32)
            if await self._kept.rotate(token, new, now):
                return session, self._sign(new)
        if session.current and not confirmed:
            await self._kept.confirm(session.id, now)
        return session, ""

    async def end(self, session: Session) -> None:
        """End one session."""
        await self._kept.end(session.who.user_id, session.id)

    def csrf(self, session: Session) -> str:
        """Return the token that a changing request of a session must carry."""
        said = f"csrf {session.id} {session.created.isoformat()}"
        return hmac.new(self._key, said.encode(), hashlib.sha256).hexdigest()

    def set(self, headers: CIMultiDict[str], value: str) -> None:
        """Let a response's headers set the cookie; an empty value takes it away."""
        jar = SimpleCookie({self.cookie: value})
        jar[self.cookie].update(
            {
                "max-age": f"{UNUSED.total_seconds():.0f}" if value else "0",
                "path": "/",
                "httponly": "yes",
                "secure": "yes" if self.secure else "",
                "samesite": "Lax",
            }
        )
        headers.add("Set-Cookie", jar[self.cookie].OutputString())

    def signed(self, text: str) -> str:
        """Sign a text that begins a sign-in; it stands for no session."""
        return self._attempts.sign(text).decode()

    def unsigned(self, text: str) -> str:
        """Return a text that `signed` signed; empty for every other."""
        try:
            return self._attempts.unsign(text).decode()
        except BadSignature:
            return ""

    def _sign(self, token: str) -> str:
        return self._signer.sign(token).decode()
