"""A shuffled order of any many things that takes no memory: each place is computed.

A Feistel network over the next power of four, walked until it comes out below the count (Black and
Rogaway 2002, "Ciphers with Arbitrary Finite Domains").
"""

from __future__ import annotations

_ROUNDS = 6
_WORD = (1 << 64) - 1


class Permutation:
    """A permutation of 0 to count - 1; the same for the same key, a different one for others."""

    def __init__(self, count: int, key: tuple[int, ...]) -> None:
        self._count = count
        self._half = max(1, (max(count - 1, 1).bit_length() + 1) // 2)
        state = 0
        for part in key:
            state = _mixed(state ^ (part & _WORD))
        self._keys = [_mixed(state + number) for number in range(_ROUNDS)]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> int:
        """Return what stands at a place."""
        if not 0 <= place < self._count:
            raise IndexError(f"place {place} of {self._count}")
        while (place := self._scrambled(place)) >= self._count:
            pass
        return place

    def _scrambled(self, place: int) -> int:
        mask = (1 << self._half) - 1
        left, right = place >> self._half, place & mask
        for key in self._keys:
            left, right = right, left ^ (_mixed(right ^ key) & mask)
        return left << self._half | right


def _mixed(value: int) -> int:
    """Return 64 bits that depend on all bits of the value (SplitMix64, Steele and others 2014)."""
    value = (value + 0x9E3779B97F4A7C15) & _WORD
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _WORD
    return value ^ (value >> 31)
