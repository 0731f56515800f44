"""The words of a face's audit log: what was said about it, and what its label became."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.feedback.labels import VOTES
from web.label.schemas import Event

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from bot.labelling.desk import History
    from bot.labelling.labeller import Labeller
    from bot.storage.records import Label, LabelChange, VoteEvent

_SAID: Final = {
    "yes": "said that the name is right",
    "no": "said that the name is wrong",
    "not_a_face": "said that it is no face",
    "ignore": "said to leave it alone",
}
_LABELS: Final = {"not_a_face": "not a face", "ignore": "left alone"}


def events_of(history: History, roster: ServerRoster, labeller: Labeller) -> list[Event]:
    """Return a face's audit log, oldest first."""
    found = [
        Event(at=vote.at, who=_who(vote.user_id, labeller), what=_vote(vote, roster))
        for vote in history.votes
    ]
    found += [
        Event(at=change.at, who=_who(change.user_id, labeller), what=_change(change, roster))
        for change in history.changes
    ]
    return sorted(found, key=lambda event: event.at)


def _who(user_id: int | None, labeller: Labeller) -> str:
    if user_id is None:
        return "the members' votes"
    return "you" if user_id == labeller.user_id else f"member {user_id}"


def _vote(vote: VoteEvent, roster: ServerRoster) -> str:
    said = _SAID.get(vote.kind) or f"said that it is {roster.name(vote.character_id)}"
    if vote.withdrawn:
        said = "took back what was said"
    return f"{said} ({'on the site' if vote.source == 'site' else 'in the chat'})"


def _change(change: LabelChange, roster: ServerRoster) -> str:
    before, after = _label(change.before, roster), _label(change.after, roster)
    why = "" if change.why == VOTES else f" ({change.why})"
    return f"changed the label: {before} → {after}{why}"


def _label(label: Label | None, roster: ServerRoster) -> str:
    if label is None:
        return "none"
    return _LABELS.get(label.kind) or roster.name(label.character_id)
