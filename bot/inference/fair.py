"""A queue in which the servers take turns."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """First come, first served within a line; one of each line in turn.

    A line is what belongs to one server. Who posts forty pictures waits behind himself only.
    """

    def __init__(self) -> None:
        self._lines: OrderedDict[int, deque[Item]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, line: int, item: Item) -> None:
        """Add an item at the end of its line."""
        self._lines.setdefault(line, deque()).append(item)
        self._length += 1

    def get(self) -> Item:
        """Take the first item of the line whose turn it is. Raises IndexError if empty."""
        if not self._lines:
            raise IndexError("the queue is empty")
        line, items = self._lines.popitem(last=False)
        item = items.popleft()
        if items:
            self._lines[line] = items
        self._length -= 1
        return item

    def remove(self, line: int, item: Item) -> bool:
        """Take an item out of its line; false if it isn't there."""
        items = self._lines.get(line)
        if items is None or item not in items:
            return False
        items.remove(item)
        if not items:
            del self._lines[line]
        self._length -= 1
        return True

    def last_of_longest(self, than: int) -> Item | None:
        """Return the last item of the longest line if that has more than `than` + 1 items.

        That is the one to give way when the queue is full and somebody from a line of `than` items
        comes: a single server must not fill the queue for all.
        """
        longest = max(self._lines.values(), key=len, default=None)
        if longest is None or len(longest) <= than + 1:
            return None
        return longest[-1]

    def waiting(self, line: int) -> int:
        """Return how many items a line has."""
        return len(self._lines.get(line, ()))
