"""What the API takes and gives, as pydantic models; the OpenAPI document is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from bot.inference import IdentifiedPicture
    from models.types import Character as KnownCharacter


class Guess(BaseModel):
    """One candidate name for a face."""

    id: str = Field(description="The character's id.")
    name: str
    series: str = Field(description="Empty where none is known.")
    probability: float = Field(
        ge=0, le=1, description="That the name is right, unknown identities counted in."
    )
    by: str = Field("", description="Who gave the name, where it was not the own model.")


class Face(BaseModel):
    """A found head."""

    box: tuple[float, float, float, float] = Field(
        description="x0, y0, x1, y1 in pixels of the upright picture; it may reach beyond it."
    )
    score: float = Field(ge=0, le=1, description="How sure the detector is that it is a face.")
    unknown: bool = Field(description='True where `tier` is not "named".')
    tier: Literal["named", "probably", "not_known"]
    guesses: list[Guess] = Field(description="Best first, five at most.")


class Identified(BaseModel):
    """The faces of a picture, in reading order: the shape of `moedex identify --json`."""

    file: str = Field(description="The name of the file as it was uploaded.")
    width: int
    height: int
    faces: list[Face]
    error: None = Field(None, description="An error is answered as a problem, never here.")

    @classmethod
    def of(cls, picture: IdentifiedPicture) -> Self:
        """Say what was found in a picture."""
        return cls.model_validate(
            {
                "file": picture.name,
                "width": picture.width,
                "height": picture.height,
                "faces": [face.as_dict() for face in picture.faces],
                "error": None,
            }
        )


class Corrected(BaseModel):
    """What came of a correction."""

    outcome: str = Field(
        description='"is", "new", "not_a_face", "no", or "proposed": a moderator decides.'
    )
    name: str = Field(description="The character's name, empty where none was said.")
    sentence: str = Field(description="What can be shown to whoever said it.")


class KeptCrop(BaseModel):
    """A picture that a server keeps of a character."""

    image: str = Field(description="A WebP file in base64.")
    similarity: float = Field(description="The cosine of the two faces, 1 where they are alike.")


class OcclusionMap(BaseModel):
    """Which places of a crop a name comes from."""

    best: float = Field(description="The score of the best guess.")
    runner_up: float = Field(description="The score of whoever comes next.")
    cells: list[list[float]] = Field(
        description="Rows over the crop, from the top: what of the difference is lost when the "
        "crop is covered there."
    )


class Why(BaseModel):
    """What speaks for the name of a face: pictures that the server keeps, or else a map."""

    sentence: str
    crop: str = Field(description="The face that was compared: a WebP file in base64.")
    pictures: list[KeptCrop] = Field(description="The most alike first, four at most.")
    map: OcclusionMap | None


class Character(BaseModel):
    """A character of the roster."""

    id: str
    name: str
    series: str
    native_name: str
    aliases: list[str]
    link: str = Field(description="A page about it, empty where none is known.")
    named: bool = Field(description="Whether faces are named as this character.")

    @classmethod
    def of(cls, character: KnownCharacter, *, named: bool) -> Self:
        """Say what is known of a character."""
        return cls.model_validate(character.as_dict() | {"named": named})


class Characters(BaseModel):
    """A part of the characters that were asked for."""

    total: int = Field(description="How many fit in all.")
    characters: list[Character]
