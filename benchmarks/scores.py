"""Hold the scores of systems on clips, and make tables of them: means, and gains of each level."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.tables import heading, row
from vocable.evaluate import Interval, paired_interval, standard_error

# What the tables of codecs show, in their order; others are slow, or not installed everywhere.
MEASURES = (
    *("pesq_wb", "stoi", "visqol_speech", "visqol_audio"),
    *("mel_distance_dac", "log_spectral_distance", "si_sdr"),
)


@dataclass
class Score:
    """What the measures say of one system on one clip; None where one is not defined."""

    system: str
    clip: str
    speaker: str
    bits_per_second: float
    measures: dict[str, float | None]


def gains_table(scores: list[Score], prefixes: dict[int, str], milestones: list[int]) -> list[str]:
    """Return the Markdown table of gains, between neighbouring prefixes and between milestones.

    prefixes: the systems by their number of levels.
    """
    measures = list(scores[0].measures)
    pairs = list(pairwise(prefixes.values()))
    pairs += [p for p in pairwise(prefixes[n] for n in milestones) if p not in pairs]
    head = ["levels", *(f"Δ {measure}" for measure in measures)]
    lines = [heading(head)]
    for before, after in pairs:
        step = f"{before.split()[-2]} → {after.split()[-2]}"
        lines.append(row([step, *(gain_cell(scores, before, after, m) for m in measures)]))
    return lines


def gain(scores: list[Score], before: str, after: str, measure: str) -> Interval:
    """Return the paired difference after − before over the clips that both have."""
    pairs = common(scores, before, after, measure)
    first, second = (np.array([pair[side] for pair in pairs.values()]) for side in (0, 1))
    speakers = {score.clip: score.speaker for score in scores}
    return paired_interval(first, second, [speakers[clip] for clip in pairs])


def gain_cell(scores: list[Score], before: str, after: str, measure: str) -> str:
    """Return the paired difference, or a dash where no clip has both."""
    pairs = common(scores, before, after, measure)
    return str(gain(scores, before, after, measure)) if pairs else "–"


def common(
    scores: list[Score], before: str, after: str, measure: str
) -> dict[str, tuple[float, float]]:
    """Return both systems' values of one measure, by clip, where both have one."""
    values = {(score.system, score.clip): score.measures[measure] for score in scores}
    pairs = {
        score.clip: (values.get((before, score.clip)), values.get((after, score.clip)))
        for score in scores
    }
    return {clip: pair for clip, pair in pairs.items() if None not in pair}


def valid(scores: list[Score], measure: str) -> np.ndarray:
    """Return the values of one measure where it is defined."""
    values = (score.measures[measure] for score in scores)
    return np.array([value for value in values if value is not None])


def cell(scores: list[Score], measure: str) -> str:
    """Return mean ± standard error."""
    values = valid(scores, measure)
    return f"{values.mean():.3f} ± {standard_error(values):.3f}" if values.size else "–"
