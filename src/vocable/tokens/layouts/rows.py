"""A row per level, a step per frame: side by side, or some levels later than others."""

from __future__ import annotations

from fractions import Fraction

from ...errors import TokenError
from ...ratio import Ratio
from .levels import Levels
from .order import Order, Places, in_row


class Parallel(Order):
    """Level by level, all tokens of a frame at one step (AudioGen's baseline).

    Rows of one step are predicted at once, as if they did not depend on each other.
    """

    def later(self, levels: int) -> list[int]:
        """Return the delay of each level in steps."""
        return [0] * levels

    def check(self, levels: int) -> None:
        self.later(levels)

    def steps(self, levels: Levels) -> int:
        return levels.units + max(self.later(len(levels.strides))) if levels.frames else 0

    def places(self, levels: Levels) -> list[Places]:
        each = zip(
            self.later(len(levels.strides)), levels.counts, levels.strides, strict=True
        )  # fmt: skip
        return [
            in_row(k, later, count, stride // levels.unit)
            for k, (later, count, stride) in enumerate(each)
        ]

    def steps_per_frame(self, levels: Levels) -> Fraction:
        return Ratio(1, levels.unit)

    def ends(self, levels: Levels) -> list[int]:
        return [levels.units + later for later in self.later(len(levels.strides))]


class Delay(Parallel):
    """Level k later by `delays[k]` steps, else by k (MusicGen, Dia, Higgs, Parler)."""

    takes = "delays"

    def later(self, levels: int) -> list[int]:
        return first_delays("delay", self.delays, levels)


class AcousticDelay(Parallel):
    """Level 0 at its step, all others a fixed number of steps later (Moshi: 1).

    The rows of a step are predicted one after the other, by a depth model.
    """

    takes = "delays"
    deep = True

    def check(self, levels: int) -> None:
        if self.delays is not None and len(self.delays) != 1:
            raise TokenError(
                f"layout acoustic_delay has one delay, for all levels but the first, "
                f"got {len(self.delays)}"
            )

    def later(self, levels: int) -> list[int]:
        return [0, *[(self.delays or (1,))[0]] * (levels - 1)]


class CoarseFirst(Parallel):
    """All of level 0, then the others, level k later by `delays[k - 1]`, else by k - 1.

    AudioCraft's `coarse_first`, which has no delays unless told: `delays=(0, …)`. The second part
    begins where the first ends, so its steps are known only with the length.
    """

    takes = "delays"

    def later(self, levels: int) -> list[int]:
        return [0, *first_delays("coarse_first", self.delays, levels - 1)]

    def opening(self, levels: Levels) -> int:
        return 1

    def steps(self, levels: Levels) -> int:
        if len(levels.strides) == 1:
            return levels.counts[0]
        return levels.counts[0] + super().steps(levels)

    def places(self, levels: Levels) -> list[Places]:
        lead = levels.counts[0]
        _, *others = super().places(levels)
        return [
            in_row(0, 0, lead, 1),
            *(Places(each.rows, each.steps + lead) for each in others),
        ]

    def steps_per_frame(self, levels: Levels) -> Fraction:
        others = super().steps_per_frame(levels) if len(levels.strides) > 1 else 0
        return Ratio(1, levels.strides[0]) + others

    def ends(self, levels: Levels) -> list[int]:
        lead = levels.counts[0]
        return [lead, *(lead + end for end in super().ends(levels)[1:])]


def first_delays(name: str, delays: tuple[int, ...] | None, count: int) -> list[int]:
    """Return the first of the delays, or 0, 1, 2 …; TokenError if there are too few."""
    found = range(count) if delays is None else delays
    if len(found) < count:
        raise TokenError(f"layout {name} needs {count} delays, got {len(found)}")
    return list(found[:count])
