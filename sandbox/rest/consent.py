"""The page on which a human says what the application may read of them, or that it may not.

It stands in for Discord's, so it looks like the chat page: its styles are that page's.
"""

from __future__ import annotations

from html import escape
from string import Template
from typing import TYPE_CHECKING, Final

from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.state.authorizations import Asked
    from sandbox.state.entities import User

_MEANS: Final = {
    "identify": "Your name and avatar",
    "guilds": "Which servers you are in",
    "guilds.members.read": "Your name and roles in those servers",
}
_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>Authorize $name</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/css/base.css">
<link rel="stylesheet" href="/page/css/frame.css">
<link rel="stylesheet" href="/page/css/consent.css">
</head>
<body class="consent">
<header class="standin"><strong>A local stand-in, not Discord.</strong>
  <span class="standin-more">Nobody signs in here: choose who you are.</span></header>
<main>
  <form class="consent-card" method="post">
    <img class="consent-sign" src="/page/icon.svg" alt="" width="64" height="64">
    <h1>$name wants to know of you</h1>
    <ul class="consent-scopes">$scopes</ul>
    <h2>Who are you?</h2>
    <ul class="consent-people">$people</ul>
    <button class="button secondary">Cancel</button>
    <p class="dim">Either way you go back to <b>$back</b>.</p>
  </form>
</main>
</body>
</html>
""")


def consent_page(name: str, asked: Asked, humans: Iterable[User]) -> str:
    """Return the page: what is asked for, a button for each human, and one that says no."""
    scopes = "".join(
        f"<li>{escape(_MEANS[scope])}</li>" for scope in _MEANS if scope in asked.scopes
    )
    people = "".join(
        f'<li><button class="button primary" name="user" value="{user.id}">Authorize as '
        f"{escape(user.display_name)}</button></li>"
        for user in humans
    )
    back = escape(str(URL(asked.redirect).origin()))
    return _PAGE.substitute(name=escape(name), scopes=scopes, people=people, back=back)
