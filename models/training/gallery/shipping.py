"""`moedex train gallery`: everything that names faces, from two finished embeddings.

One makes what ships: the gallery of all characters, the vectors that heads of servers learn beside,
and the impostors. Scoring, calibration and threshold are fitted with a held-out one, which has not
learned from what is asked (`models.training.breadth.split`); the installed one is such.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.gallery.impostors import IMPOSTORS_FILE, Impostors
from models.gallery.namer import NAMING_FILE, Namer
from models.gallery.training_vectors import VECTORS_FILE
from models.roster.roster import load_roster
from models.training.augmentation import framed
from models.training.breadth.faces import load_faces
from models.training.breadth.run import roles_of
from models.training.dataset import non_face_samples
from models.training.gallery.enrolling import enrolled, with_non_faces
from models.training.gallery.ground import Ground
from models.training.gallery.vectors import embedded, face_vectors
from models.training.reserved import reports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from models.training.breadth.faces import FaceSet
    from models.types import Vectors

    Report = Callable[[dict], None]

HELD_OUT: Final = EMBEDDING_FILE
"""The embedding that ships learned from the role `train` alone."""


@dataclass(frozen=True, eq=False)
class Sources:
    """The labelled faces with their roles, and the two embeddings.

    `cache` keeps the decoded faces (`models.training.breadth.faces`) and, in a folder beside it,
    the vectors of each embedding.
    """

    data: Path
    cache: Path
    faces: FaceSet
    roles: list[str]

    @classmethod
    def load(cls, data: Path, cache: Path) -> Sources:
        """Read the faces; decodes them first where `cache` has none."""
        faces = load_faces(data, cache)
        return cls(data, cache, faces, roles_of(faces, data))

    def vectors(self, embedder: Embedder, chosen: list[int], report: Report) -> Vectors:
        """The vectors of the chosen faces, (faces, dimensions); see `face_vectors`."""
        return face_vectors(
            self.faces,
            chosen,
            embedder,
            self.vectors_file(embedder),
            lambda done: report({"progress": done}),
        )

    def vectors_file(self, embedder: Embedder) -> Path:
        """Where the vectors of an embedding are kept."""
        return self.cache.parent / "vectors" / f"{embedder.version}.npy"


def held_out_ground(
    sources: Sources, embedding: Path, report: Report, *, complete: bool = True
) -> Ground:
    """The gallery of the held-out embedding, and what is asked of it.

    Where it need not be `complete`, faces that are not embedded yet are left out of it.
    """
    embedder = Embedder.load(embedding)
    chosen = [i for i, role in enumerate(sources.roles) if role != "dropped"]
    if not complete:
        file = sources.vectors_file(embedder)
        done = embedded(file)
        chosen = [i for i in chosen if done[i]]
    vectors = sources.vectors(embedder, chosen, report)
    return Ground.of(sources.faces.faces, sources.roles, vectors, load_roster())


def make_gallery(
    data: Path,
    out: Path,
    *,
    cache: Path,
    embedding: Path,
    held_out: Path = HELD_OUT,
    complete: bool = True,
    report: Report = lambda _: None,
) -> list[Path]:
    """Write what names faces by `embedding` into `out`; returns the files. Raises WeightsError.

    `complete`: see `held_out_ground`.
    """
    sources = Sources.load(data, cache)
    report({"step": "the held-out embedding"})
    ground = held_out_ground(sources, held_out, report, complete=complete)
    scoring = ground.choose_scoring()
    calibration, threshold = ground.fit(scoring)
    report({"step": "the production embedding", "prior": scoring.prior, "hubness": scoring.hubness})
    embedder = Embedder.load(embedding)
    faces = sources.faces.faces
    listed = [i for i, face in enumerate(faces) if not face.identity.startswith("icon/")]
    vectors = sources.vectors(embedder, listed, report)
    gallery, kept = enrolled(faces, vectors, listed, load_roster())
    samples = non_face_samples(data)
    crops = np.stack([framed(sample.pixels, embedder.side) for sample in samples])
    gallery = with_non_faces(gallery, kept, embedder.embed(crops))
    out.mkdir(parents=True, exist_ok=True)
    files = [out / file.name for file in (NAMING_FILE, VECTORS_FILE, IMPOSTORS_FILE)]
    namer = Namer(
        gallery, scoring=scoring, calibration=calibration, threshold=threshold, version=""
    )
    namer.save(files[0])
    kept.save(files[1], embedder.version)
    _impostors(sources, vectors).save(files[2], embedder.version)
    report({"characters": len(gallery.characters), "pictures": int(gallery.counts.sum())})
    return files


def _impostors(sources: Sources, vectors: Vectors) -> Impostors:
    faces = sources.faces.faces
    rows = [i for i, role in enumerate(sources.roles) if role == "reserved"]
    names = [faces[i].identity for i in rows]
    ids = tuple(load_roster().resolve(name) or name for name in names)
    return Impostors(vectors[rows], ids, np.array([reports(name) for name in names]))
