"""What the pages about many faces ask and are answered: clusters, grids, shelves, merges."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from web.label.schemas import Candidate, Crop, Name, Request, Text


class Cluster(BaseModel):
    """Unknown faces that look alike, the most typical first, and whom they come closest to.

    `copies` are further copies of the same pictures, which are named with them.
    """

    faces: list[Crop]
    copies: dict[int, list[int]]
    guesses: list[Candidate]


class Clusters(BaseModel):
    """The clusters of a server, the largest first."""

    clusters: list[Cluster]


class GridCrop(BaseModel):
    """A crop of a long list: `name` as it is labelled, `note` what is to be said of it."""

    id: int
    hidden: bool
    name: str
    note: str = ""


class GridPage(BaseModel):
    """A part of a long list of crops; `total` counts all."""

    total: int
    crops: list[GridCrop]


class ShelfEntry(Name):
    """A character with so many settled faces; `own` is one of the server's own."""

    faces: int
    own: bool


class ShelfList(BaseModel):
    """The characters of a server that have faces, or are its own."""

    characters: list[ShelfEntry]


class Merge(Request):
    """Make `character` and `into` one, by their ids; `into` stays."""

    character: Text
    into: Text


class MergeEntry(BaseModel):
    """A merge that stands: its number, what was done, and when."""

    action: int
    summary: str
    at: datetime


class Merges(BaseModel):
    """The latest merges that stand, newest first."""

    merges: list[MergeEntry]
