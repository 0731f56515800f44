"""The same picture again: grouping by perceptual hash.

A perceptual hash (64 bits, hexadecimal, from the ImageHash library) changes in few bits when a
picture is resized or compressed anew. A BK-tree (Burkhard and Keller 1973) finds all hashes within
a Hamming distance without comparing all pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.storage import Storage
    from models.types import Box

SAME_PICTURE = 6
"""Hamming distance of 64-bit hashes up to which two pictures are taken for the same."""
SAME_BOX = 0.5
"""Overlap (intersection over union) from which two boxes of the same picture are one face."""


class HashTree:
    """A BK-tree over perceptual hashes with the keys they belong to."""

    def __init__(self, items: Iterable[tuple[int, str]] = ()) -> None:
        self._root: _Node | None = None
        self._size = 0
        for key, phash in items:
            self.add(key, phash)

    def __len__(self) -> int:
        return self._size

    def add(self, key: int, phash: str) -> None:
        """Add `key` under the hexadecimal hash; ValueError where it is not one."""
        value = int(phash, 16)
        self._size += 1
        if self._root is None:
            self._root = _Node(value, key)
            return
        node = self._root
        while True:
            distance = (node.value ^ value).bit_count()
            if distance == 0:
                node.keys.append(key)
                return
            child = node.children.get(distance)
            if child is None:
                node.children[distance] = _Node(value, key)
                return
            node = child

    def within(self, phash: str, distance: int = SAME_PICTURE) -> list[tuple[int, int]]:
        """Return (distance, key) of every hash at most `distance` bits away, nearest first."""
        value = int(phash, 16)
        found: list[tuple[int, int]] = []
        waiting = [self._root] if self._root is not None else []
        while waiting:
            node = waiting.pop()
            apart = (node.value ^ value).bit_count()
            if apart <= distance:
                found.extend((apart, key) for key in node.keys)
            waiting.extend(
                child
                for d, child in node.children.items()
                if apart - distance <= d <= apart + distance
            )
        return sorted(found)


class _Node:
    __slots__ = ("children", "keys", "value")

    def __init__(self, value: int, key: int) -> None:
        self.value = value
        self.keys = [key]
        self.children: dict[int, _Node] = {}


class NearDuplicates:
    """The perceptual hashes of the pictures of all servers, to group copies by."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._trees: dict[int, HashTree] = {}

    async def of(self, server_id: int) -> HashTree:
        """Return the hashes of a server, each under the number of its group."""
        tree = self._trees.get(server_id)
        if tree is None:
            tree = HashTree(await self._storage.faces.hashes(server_id))
            self._trees[server_id] = tree
        return tree

    def forget(self) -> None:
        """Let go of all hashes: some may be of pictures that were erased."""
        self._trees.clear()


def group(hashes: Sequence[str], distance: int = SAME_PICTURE) -> list[int]:
    """Return a group number for each hash; near-duplicates share one (single linkage)."""
    parent = list(range(len(hashes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    tree = HashTree()
    for i, phash in enumerate(hashes):
        for _, other in tree.within(phash, distance):
            parent[root(i)] = root(other)
        tree.add(i, phash)
    return [root(i) for i in range(len(hashes))]


def copies(hashes: Sequence[str], originals: Sequence[str]) -> dict[int, int]:
    """Return which of the hashes are near-duplicates of an original: its place, by their own.

    All are compared with all, which is quicker than a tree where each side is looked up once.
    """
    seen = np.array([int(phash, 16) for phash in hashes], np.uint64)
    found: dict[int, int] = {}
    for place, original in enumerate(originals):
        near = np.bitwise_count(seen ^ np.uint64(int(original, 16))) <= SAME_PICTURE
        found.update(dict.fromkeys(np.flatnonzero(near).tolist(), place))
    return found


def overlap(a: Box, b: Box) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    shared = max(0.0, width) * max(0.0, height)
    union = a.area + b.area - shared
    return shared / union if union > 0 else 0.0
