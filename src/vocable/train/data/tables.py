"""The tables of a recipe that say how recordings are cut, mixed and altered."""

from __future__ import annotations

from dataclasses import dataclass, field

from vocable.train.checks import check


@dataclass(frozen=True, kw_only=True)
class Data:
    """How segments are drawn from a manifest."""

    batch: int = 4  # segments a step on one device
    segment: float = 1.28  # seconds
    held_out: str = ""  # a second manifest; empty: the rows whose split is not train
    held_out_share: float = 0.05  # of the files, where no row says its split
    weights: dict[str, float] = field(default_factory=dict)  # by the rows' `set`; not named: 1

    def __post_init__(self) -> None:
        check(self.batch > 0, f"data.batch is {self.batch}; wanted at least 1")
        check(0.02 <= self.segment <= 600, f"data.segment is {self.segment} s; wanted 0.02 to 600")
        check(
            0 < self.held_out_share <= 0.5,
            f"data.held_out_share is {self.held_out_share}; wanted above 0 and at most 0.5",
        )
        check(
            all(share >= 0 for share in self.weights.values()),
            f"data.weights is {self.weights}; wanted shares of 0 or more",
        )


@dataclass(frozen=True, kw_only=True)
class Augment:
    """What is done to recordings and to the segments drawn from them."""

    gain_db: tuple[float, float] = (-12.0, 4.0)  # uniform in dB; never beyond full scale
    flip: bool = True  # sign, half of the time
    speed: tuple[float, float] = (
        1.0,
        1.0,
    )  # of playing, drawn by its logarithm; pitch moves with it
    equalizer_db: float = 0.0  # standard deviation of a random smooth curve over frequency
    low_pass_share: float = 0.0  # of the segments that lose all above a random edge
    low_pass_hz: tuple[float, float] = (3300.0, 7000.0)  # of that edge
    min_rms: float = 0.004  # a quieter segment is drawn again; full scale is 1
    loudness_db: float | None = None  # dBFS, gated: bring each recording to it first
    trim_db: float | None = None  # cut edges so far below a recording's loudness, all but 0.1 s

    def __post_init__(self) -> None:
        low, high = self.gain_db
        check(
            -100 <= low <= high <= 100,
            f"augment.gain_db is {[low, high]}; wanted the lower first, both within 100 dB of 0",
        )
        slow, fast = self.speed
        check(
            0.25 <= slow <= fast <= 4,
            f"augment.speed is {[slow, fast]}; wanted the lower first, both within 0.25 to 4",
        )
        check(
            0 <= self.equalizer_db <= 40,
            f"augment.equalizer_db is {self.equalizer_db}; wanted 0 to 40",
        )
        check(
            0 <= self.low_pass_share <= 1,
            f"augment.low_pass_share is {self.low_pass_share}; wanted 0 to 1",
        )
        low, high = self.low_pass_hz
        check(
            0 < low <= high,
            f"augment.low_pass_hz is {[low, high]}; wanted the lower first, both above 0",
        )
        check(
            self.loudness_db is None or -100 <= self.loudness_db <= 0,
            f"augment.loudness_db is {self.loudness_db}; wanted -100 to 0 (dBFS)",
        )
