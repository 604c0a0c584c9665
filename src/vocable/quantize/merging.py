"""Cut a run of frames into segments at the least cost, exactly, and as the frames come.

The cost of a segment is what one token for all its frames distorts, and what that token takes to
send. The cheapest cut follows by dynamic programming, V(e) = min over d of V(e - d) + cost(e, d)
(Viterbi 1967; CodecSlime, arXiv:2506.21074, finds its segments so offline). Costs are integers, and
among equals the longest segment wins: so the cut depends on the costs and on nothing else, not on
how many frames come at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64

_OUT = 1 << 60  # more than any cut costs: of ends that no cut may have


class Merger:
    """Cut a run of frames whose costs come in blocks of any size.

    longest     frames of a segment, at most
    lag         frames that may wait for what follows to decide between cuts, `longest` or more.
                Where they are more, the first segment of the best cut so far is kept; so with a lag
                longer than the run the cut is the cheapest of all

    merger = Merger(longest=16, lag=16)
    lengths = merger.push(costs) + merger.push(more) + merger.finish()
    """

    def __init__(self, longest: int, lag: int) -> None:
        if not 1 <= longest <= lag:
            raise ValueError(f"lag must be at least the longest segment, got {lag} and {longest}")
        self.longest, self.lag = longest, lag
        self._clear()

    def _clear(self) -> None:
        """Begin at a cut: end 0 is where everything before is decided."""
        self._best = np.zeros(self.lag + 2, np.int64)  # what the best cut up to each end costs
        self._last = [0]  # frames of its last segment

    def push(self, costs: Int64[np.ndarray, "frames longest"]) -> list[int]:
        """Return the lengths of the segments that are certain now, perhaps none.

        costs: of the segment of 1, 2 … frames that ends with each frame, 0 to 2⁵⁰. Where fewer
        frames have come what stands there does not count.
        """
        found: list[int] = []
        for row in costs:
            self._add(row)
            if len(self._last) - 1 > self.lag:
                found += self._certain()
            while len(self._last) - 1 > self.lag:
                found += self._forced()
        return found + self._certain()

    def finish(self) -> list[int]:
        """Return the lengths of the last segments; a new run may follow."""
        found = self._path(len(self._last) - 1)
        self._clear()
        return found

    def _add(self, row: Int64[np.ndarray, " longest"]) -> None:
        end = len(self._last)
        most = min(end, self.longest)
        totals = self._best[end - most : end] + row[:most][::-1]
        at = int(totals.argmin())  # the first of equals: the longest segment
        self._best[end] = totals[at]
        self._last.append(most - at)

    def _certain(self) -> list[int]:
        """Keep the segments that all cuts begin with which may still turn out the best."""
        end = len(self._last)
        marked = {e for e in range(max(0, end - self.longest), end) if self._best[e] < _OUT // 2}
        for e in range(end - 1, 0, -1):
            if len(marked) == 1:
                break
            if e in marked:
                marked.remove(e)
                marked.add(e - self._last[e])
        (common,) = marked
        return self._keep(common)

    def _forced(self) -> list[int]:
        """Keep the first segment of the best cut so far, and drop the cuts without it."""
        end = len(self._last) - 1
        first = self._path(end)[0]
        within = [False] * (end + 1)
        for e in range(1, end + 1):
            within[e] = e == first or (e > first and within[e - self._last[e]])
            if not within[e]:
                self._best[e] = _OUT
        return self._keep(first)

    def _keep(self, end: int) -> list[int]:
        """Decide on the best cut up to an end, which becomes end 0."""
        if not end:
            return []
        found, left = self._path(end), len(self._last) - end
        rest = self._best[end : end + left] - self._best[end]
        self._best[:left] = np.where(self._best[end : end + left] < _OUT // 2, rest, _OUT)
        self._last = [0, *self._last[end + 1 :]]
        return found

    def _path(self, end: int) -> list[int]:
        """Return the lengths of the segments of the best cut up to an end."""
        found = []
        while end:
            found.append(self._last[end])
            end -= found[-1]
        return found[::-1]


class Windows:
    """Sums over the last 1, 2 … frames of rows that come in blocks of any size."""

    def __init__(self, longest: int, width: int) -> None:
        self._before = np.zeros((longest, width), np.int64)  # the last rows, and zeros before them

    def push(
        self, rows: Int64[np.ndarray, "frames width"]
    ) -> Iterator[Int64[np.ndarray, "frames width"]]:
        """Yield, for segments of 1, 2 … frames, the sum of the one that ends with each frame.

        Sums are those of whole numbers modulo 2⁶⁴: differences of running totals stay exact.
        """
        longest = len(self._before)
        joined = np.concatenate([self._before, rows])
        self._before = joined[len(rows) :].copy()
        totals = np.cumsum(joined, axis=0)  # up to and with each row; the first row is out of reach
        for frames in range(1, longest + 1):
            yield totals[longest:] - totals[longest - frames : len(totals) - frames]
