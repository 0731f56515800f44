"""What a name is given to: one face of an answer, or all faces of a cluster shown to moderators.

A subject travels in the `custom_id`s of selects and forms, so that a question that was open before
a restart still works.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SUBJECT = r"\d{1,20}:\d{1,4}|c\d{1,18}"
"""What a subject's key looks like; a pattern for `custom_id`s."""


@dataclass(frozen=True, slots=True)
class FaceSubject:
    """One face of an answer; `face` counts in `Answer.faces`."""

    reply_id: int
    face: int

    @property
    def key(self) -> str:
        """The subject as it stands in a `custom_id`."""
        return f"{self.reply_id}:{self.face}"


@dataclass(frozen=True, slots=True)
class ClusterSubject:
    """All faces of a cluster that was shown."""

    cluster_id: int

    @property
    def key(self) -> str:
        """The subject as it stands in a `custom_id`."""
        return f"c{self.cluster_id}"


Subject = FaceSubject | ClusterSubject


def read_subject(key: str) -> Subject:
    """Return the subject of a key; ValueError where it is none."""
    if re.fullmatch(SUBJECT, key) is None:
        raise ValueError(f"{key!r} names no subject")
    if key.startswith("c"):
        return ClusterSubject(int(key[1:]))
    reply_id, face = key.split(":")
    return FaceSubject(int(reply_id), int(face))
