"""What can't be undone asks first: what would be erased, and a button that erases it.

The buttons' state is in their `custom_id`s, so that a question of before a restart still works.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, Self, cast

import discord

from bot.errors import UserError
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.wording import counted

if TYPE_CHECKING:
    from bot.privacy.erasure import Kept, Learned

LEARNING: Final = (
    "**Turn learning off in this server?** At once this erases {crops} with their vectors, the "
    "hashes of {pictures}, who asked and posted, what votes taught me of {characters}, and "
    "{versions}. It can't be undone."
)
MEMBER: Final = (
    "**Erase everything I keep of you, in all servers?** That is {faces} of your pictures, {crops} "
    "of them with a crop and a vector, {votes}, {taught} of {characters}, {proposals}, and the "
    "{versions} that learned from them. On the site it signs you out in "
    "{signed_in}, and revokes {keys}. It can't be undone."
)
OFF: Final = (
    "**Learning is off in this server.** Crops, vectors and hashes that I kept are erased, who "
    "asked and posted too, with what was trained on them. An answer keeps what its buttons need, "
    "with your ✅ and ❌, for {button_days} days. What was taught by `/teach` stays until {days} "
    "days after `/forget`, or until its uploader's `/privacy delete`."
)
DELETED: Final = (
    "Erased: your pictures' faces, crops and vectors, your votes, drawings and proposals, and "
    "the model versions trained on them, your sign-ins and keys of the site. Exports and backups "
    "that somebody made already can't be called back."
)
LEFT: Final = "Nothing was erased."
MANAGERS_ONLY: Final = "Only members with the permission Manage Server decide that."

What = Literal["learning", "member"]
ERASE: Final[dict[What, str]] = {"learning": "Turn learning off", "member": "Erase it"}
LEAVE: Final = "Leave it"


def ask_to_stop_learning(learned: Learned) -> dict[str, Any]:
    """Return a message that asks whether a server's learning shall be turned off."""
    text = LEARNING.format(
        crops=counted(learned.crops, "crop"),
        pictures=counted(learned.pictures, "picture"),
        versions=counted(learned.versions, "trained version"),
        characters=counted(learned.characters, "character"),
    )
    return {"content": text, "view": _view("learning")}


def ask_to_erase(kept: Kept) -> dict[str, Any]:
    """Return a message that asks whether all that is kept of a member shall be erased."""
    text = MEMBER.format(
        faces=counted(kept.faces, "face"),
        crops=kept.crops,
        votes=counted(kept.votes, "vote"),
        taught=counted(kept.taught, "taught drawing"),
        characters=counted(kept.characters, "character"),
        proposals=counted(kept.proposals, "proposal"),
        versions=counted(kept.versions, "trained version"),
        signed_in=counted(kept.signed_in, "browser"),
        keys=counted(kept.keys, "key"),
    )
    return {"content": text, "view": _view("member")}


class EraseButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"moedex:erase:(?P<what>learning|member):(?P<answer>yes|no)",
):
    """Erases what was asked about, or leaves it."""

    def __init__(self, what: What, *, erase: bool) -> None:
        super().__init__(
            discord.ui.Button(
                label=ERASE[what] if erase else LEAVE,
                style=discord.ButtonStyle.danger if erase else discord.ButtonStyle.secondary,
                custom_id=f"moedex:erase:{what}:{'yes' if erase else 'no'}",
            )
        )
        self.what: What = what
        self.erase = erase

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read back what is asked, and the answer."""
        return cls(cast("What", match["what"]), erase=match["answer"] == "yes")

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Erase, or leave, and say so in place of the question."""
        if self.what == "learning" and not interaction.permissions.manage_guild:
            raise UserError(MANAGERS_ONLY)
        await interaction.response.defer()
        text = LEFT
        if self.erase:
            stop = _stop_learning if self.what == "learning" else _erase_member
            text = await stop(interaction)
        await interaction.edit_original_response(content=text, view=None)


async def _stop_learning(interaction: discord.Interaction[Any]) -> str:
    services, server_id = services_of(interaction), interaction.guild_id or 0
    await services.storage.consents.set_learning(
        server_id,
        interaction.user.id,
        datetime.now(UTC),
        on=False,
        channel_id=interaction.channel_id,
    )
    await services.erasure.stop_learning(server_id)
    config = services.config
    return OFF.format(days=config.learning.forget_days, button_days=config.storage.buttons_days)


async def _erase_member(interaction: discord.Interaction[Any]) -> str:
    # Who sees the question is who asked it: nobody else's is erased.
    await services_of(interaction).erasure.erase_member(interaction.user.id)
    return DELETED


def _view(what: What) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for erase in (True, False):
        view.add_item(EraseButton(what, erase=erase))
    return view
