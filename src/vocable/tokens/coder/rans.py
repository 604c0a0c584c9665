"""Code symbols under integer tables: interleaved range asymmetric numeral systems.

Duda 2013, "Asymmetric numeral systems"; interleaved as in Giesen 2014, "Interleaved entropy
coders". Lanes are independent states that advance together, so that numpy does the work: symbol
number i of a push goes through lane i mod lanes. Integers only, so the same bytes on every machine.

The coder knows no model: every `push` names the table that holds for its symbols, every `pop`
must name the same one, and a table may depend on all that was popped before.

State: 2²⁴ ≤ x < 2⁴⁰, frequencies sum to 2¹⁶, words of 16 bits. Layout: the last state of each lane
in 5 bytes, then the words in the order in which `pop` reads them. After the last pop every lane is
back in its initial state and no word is left, which `close` checks. Several lanes start at 2²⁴. A
single lane starts at 0, which saves two bytes: once its words are used up its state may fall below
2²⁴, while with several lanes it would not be known which of them the next word is for. It also
codes under frequencies that sum to 2^`precision`, up to 2²⁴; a symbol may take two words then.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int32, Int64, Integer

from ...errors import FormatError
from .tables import PRECISION

LOW = 1 << 24
STATE_BYTES = 5
MAX_LANES = 256
SYMBOLS_PER_LANE = 1024  # a lane costs 4 bytes: 0.4 % of this many symbols of 8 bits

STATE_BITS = 40
MASK = 0xFFFF  # of a word, and of a slot of 16 bits
LIMIT = STATE_BITS - PRECISION  # a state of f · 2²⁴ or more has to give a word before f can go in

_WORD = np.uint64(16)
_MASK, _PRECISION, _LIMIT = np.uint64(MASK), np.uint64(PRECISION), np.uint64(LIMIT)


@runtime_checkable
class Frequencies(Protocol):
    """How often each code comes, and what comes before it, as a `Table` has them."""

    @property
    def frequencies(self) -> Int64[np.ndarray, " size"]: ...

    @property
    def cumulative(self) -> Int64[np.ndarray, " size"]: ...


def lanes_for(symbols: int) -> int:
    """Return how many lanes suit this many symbols."""
    return max(1, min(MAX_LANES, symbols // SYMBOLS_PER_LANE))


def initial_state(lanes: int) -> int:
    """Return the state from which each lane encodes, and to which decoding returns."""
    return LOW if lanes > 1 else 0


class RansEncoder:
    """Collect symbols with their tables, then write them in one go.

    The states run backwards from the last symbol to the first, so nothing can be written before
    `finish`. precision: bits of the sum of all frequencies; other than 16 for a single lane alone.
    """

    def __init__(self, lanes: int, precision: int = PRECISION) -> None:
        self._lanes, self._precision = lanes, precision
        self._pushed: list[tuple[np.ndarray, np.ndarray]] = []

    def push(self, symbols: Integer[np.ndarray, " _"], table: Frequencies) -> None:
        """Add symbols that all follow `table`."""
        self._pushed.append((table.cumulative[symbols], table.frequencies[symbols]))

    def finish(self) -> bytes:
        """Return the bytes: the lanes' states, then the words."""
        return self._in_one_lane() if self._lanes == 1 else self._in_lanes()

    def _in_one_lane(self) -> bytes:
        """Code symbol by symbol: for a single lane numpy takes ten times as long."""
        state, words = initial_state(1), []
        limit = STATE_BITS - self._precision
        for pushed in reversed(self._pushed):
            cumulative, frequencies = (values.tolist()[::-1] for values in pushed)
            for before, frequency in zip(cumulative, frequencies, strict=True):
                while state >= frequency << limit:
                    words.append(state & MASK)
                    state >>= 16
                quotient, remainder = divmod(state, frequency)
                state = (quotient << self._precision) + remainder + before
        return state.to_bytes(STATE_BYTES, "little") + np.array(words[::-1], "<u2").tobytes()

    def _in_lanes(self) -> bytes:
        states = np.full(self._lanes, initial_state(self._lanes), np.uint64)
        words: list[np.ndarray] = []
        for pushed in reversed(self._pushed):
            every = [values.astype(np.uint64) for values in pushed]
            for first in reversed(range(0, len(every[0]), self._lanes)):
                cumulative, frequencies = (v[first : first + self._lanes] for v in every)
                x = states[: len(frequencies)]
                full = x >= frequencies << _LIMIT
                if full.any():
                    words.append((x[full] & _MASK).astype("<u2"))
                    x = np.where(full, x >> _WORD, x)
                quotient = x // frequencies
                remainder = x - quotient * frequencies
                states[: len(frequencies)] = (quotient << _PRECISION) + remainder + cumulative
        head = states.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :STATE_BYTES]
        return head.tobytes() + b"".join(word.tobytes() for word in reversed(words))


class RansDecoder:
    """Read back what an `RansEncoder` of as many lanes, and of this precision, wrote."""

    def __init__(self, data: bytes, lanes: int, precision: int = PRECISION) -> None:
        self._precision = precision
        head = lanes * STATE_BYTES
        if not 1 <= lanes <= MAX_LANES or len(data) < head or (len(data) - head) % 2:
            raise FormatError(
                f"coded data must be {head} bytes of {lanes} states and whole words, "
                f"got {len(data)} bytes"
            )
        states = np.zeros((lanes, 8), np.uint8)
        states[:, :STATE_BYTES] = np.frombuffer(data, np.uint8, head).reshape(lanes, -1)
        self._states = states.view("<u8")[:, 0].astype(np.uint64)
        self._words = np.frombuffer(data, "<u2", offset=head).astype(np.uint64)
        self._used = 0
        if (lanes > 1 or len(self._words)) and self._states.min() < LOW:
            raise FormatError(f"coded data begins with a state below {LOW}")

    def pop(self, count: int, table: Frequencies) -> Int32[np.ndarray, " _"]:
        """Return the next `count` symbols, which were pushed together under this table."""
        lanes = len(self._states)
        if lanes == 1:
            return self._pop_one_by_one(count, table)
        symbols = np.empty(count, np.int32)
        cumulative, frequencies = (
            table.cumulative.astype(np.uint64),
            table.frequencies.astype(np.uint64),
        )
        for first in range(0, count, lanes):
            x = self._states[: count - first]
            slots = x & _MASK
            found = cumulative.searchsorted(slots, "right") - 1
            symbols[first : first + lanes] = found
            x = frequencies[found] * (x >> _PRECISION) + slots - cumulative[found]
            empty = x < LOW
            needed = int(np.count_nonzero(empty))
            if needed:
                x[empty] = (x[empty] << _WORD) | self._take(needed)
            self._states[: count - first] = x
        return symbols

    def _pop_one_by_one(self, count: int, table: Frequencies) -> Int32[np.ndarray, " _"]:
        cumulative, frequencies = table.cumulative, table.frequencies
        if count > 1:  # for one the lists would take longer than the look-ups
            cumulative, frequencies = cumulative.tolist(), frequencies.tolist()
        state, symbols = int(self._states[0]), np.empty(count, np.int32)
        mask = (1 << self._precision) - 1
        for i in range(count):
            slot = state & mask
            symbols[i] = found = bisect_right(cumulative, slot) - 1
            quotient = state >> self._precision
            state = int(frequencies[found]) * quotient + slot - int(cumulative[found])
            while state < LOW and self._used < len(self._words):
                state = (state << 16) | int(self._words[self._used])
                self._used += 1
        self._states[0] = state
        return symbols

    def _take(self, count: int) -> np.ndarray:
        words = self._words[self._used : self._used + count]
        if len(words) < count:
            raise FormatError("coded data ends before its last symbol")
        self._used += count
        return words

    def close(self) -> None:
        """Check that all words were read and every lane is back in its initial state."""
        initial = initial_state(len(self._states))
        if self._used != len(self._words) or (self._states != initial).any():
            raise FormatError("coded data does not end where its last symbol ends")
