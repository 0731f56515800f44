"""Section `[learning]`: what is learned from votes."""

from __future__ import annotations

from pydantic import Field

from bot.config.section import Section


class LearningConfig(Section):
    """What is learned from votes, where a server's moderators switched that on."""

    crops: str = Field(
        "",
        description="Folder of the kept crops of faces. Empty: beside the database, where backups "
        "take them along.",
    )
    crops_days: int = Field(
        365,
        ge=1,
        description="Days after which a kept crop and its vector are erased, and a proposal that "
        "no moderator decided.",
    )
    leave_days: int = Field(
        30, ge=0, description="Days after which a server that the bot left is erased."
    )
    forget_days: int = Field(
        7,
        ge=0,
        description="Days after which the drawings of a character that `/forget` took away are "
        "erased; until then it can be undone.",
    )
    train_hours: int = Field(
        24,
        ge=0,
        description="Hours after which a server with new labels is trained again; 0 leaves that to "
        "/train and `moedex learn`.",
    )
    cluster_faces: int = Field(
        6,
        ge=3,
        description="Unknown faces alike, in different pictures, from which `/review` asks who it "
        "is.",
    )
    cluster_days: int = Field(14, ge=1, description="Days that are searched for such faces.")
