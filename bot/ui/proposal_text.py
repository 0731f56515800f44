"""What a proposal says, in the words of a moderator who decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage.records import Alias, Forget, Merge, Proposal, Rename, TeachCharacter
from bot.wording import plain

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from bot.storage.records import GalleryChange

PROPOSAL = "**A proposal** by <@{user_id}>: {what}"


def describe(proposal: Proposal, roster: ServerRoster, link: str | None = None) -> str:
    """Say who proposes what, by the server's names; `link` leads to the face that is meant."""
    return PROPOSAL.format(user_id=proposal.user_id, what=_change(proposal.change, roster, link))


def _change(change: GalleryChange, roster: ServerRoster, link: str | None) -> str:
    match change:
        case TeachCharacter(name, series):
            who = f"**{plain(name)}**" + (f" ({plain(series)})" if series else "")
            if link is not None:
                return f"this face is {who}, who would be new here. {link}"
            where = (
                "" if change.channel_id is None else f", from drawings in <#{change.channel_id}>"
            )
            return f"add {who}{where}"
        case Alias(character, alias):
            return f"call **{plain(roster.name(character))}** also **{plain(alias)}**"
        case Rename(character, name):
            return f"call **{plain(roster.name(character))}** from now on **{plain(name)}**"
        case Merge(character, into):
            return (
                f"make **{plain(roster.name(character))}** and **{plain(roster.name(into))}** one"
            )
        case Forget(character):
            return f"forget **{plain(roster.name(character))}**"
