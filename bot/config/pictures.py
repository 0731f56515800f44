"""Section `[pictures]`: limits of pictures from a chat."""

from __future__ import annotations

from pydantic import Field

from bot.config.section import Section


class PicturesConfig(Section):
    """Limits of what is taken in from a chat; commands take larger files from your own disk."""

    max_bytes: int = Field(
        25 * 2**20, ge=1024, description="Bytes of one picture file; bigger ones are refused."
    )
    max_pixels: int = Field(
        50_000_000, ge=10_000, description="Pixels of one picture; more are refused undecoded."
    )
    frames: int = Field(
        6, ge=1, le=32, description="Frames looked at in an animation, spread over its length."
    )
    per_message: int = Field(10, ge=1, le=50, description="Pictures answered in one message.")
    faces: int = Field(16, ge=1, le=100, description="Faces named in one picture, best first.")
