"""What was drawn before and may be shown again, kept up to a number of bytes: within a film, and between the films of a
process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")
SHARED_BYTES = 80 * 1024 * 1024


class Kept(Generic[Value]):
    """A cache that forgets what was not used for longest, by size."""

    def __init__(self, capacity: int) -> None:
        self._capacity, self._size = capacity, 0
        self._items: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """The value under ``key``, made if it is not there."""
        if key in self._items:
            self._items.move_to_end(key)
            return self._items[key][0]
        value = make()
        self._items[key] = value, size(value)
        self._size += self._items[key][1]
        while self._size > self._capacity and len(self._items) > 1:
            _, (_, freed) = self._items.popitem(last=False)
            self._size -= freed
        return value


class Shared(Generic[Value]):
    """Values that films share, under keys that say all of their content. May be used by several threads.

    A film goes through its values once, in order; a cache that forgets the oldest would forget each of them just before
    the next film wants it. So a value gives way only if the last two films did not use it; if none does, a new one is
    not kept.
    """

    def __init__(self, capacity: int = SHARED_BYTES) -> None:
        self._capacity, self._size = capacity, 0
        self._items: OrderedDict[Hashable, tuple[Value, int, int]] = OrderedDict()
        self._film = 0
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._size

    def begin(self) -> None:
        """Another film."""
        with self._lock:
            self._film += 1

    def find(self, key: Hashable) -> tuple[Value] | None:
        """The value under ``key``, if there is one."""
        with self._lock:
            known = self._items.get(key)
            if known is None:
                return None
            self._items[key] = *known[:2], self._film
            self._items.move_to_end(key)
            return (known[0],)

    def offer(self, key: Hashable, value: Value, size: int) -> None:
        """A value that other films may want; kept where there is room for its ``size`` bytes."""
        with self._lock:
            while self._size + size > self._capacity and self._items:
                oldest = next(iter(self._items))
                _, freed, used = self._items[oldest]
                if used >= self._film - 1:
                    return
                del self._items[oldest]
                self._size -= freed
            if self._size + size <= self._capacity and key not in self._items:
                self._items[key] = value, size, self._film
                self._size += size
