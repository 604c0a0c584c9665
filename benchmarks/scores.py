"""Hold what systems made of clips; make tables of it: means, and gains from level to level."""

from dataclasses import dataclass

import numpy as np

from benchmarks.intervals import Interval, interval, standard_error
from benchmarks.tables import heading, row


@dataclass
class Score:
    """What one system made of one clip; None where a measure is not defined."""

    system: str
    clip: str
    speaker: str
    bits_per_second: float
    measures: dict[str, float | None]


def systems_table(scores: list[Score], energies: np.ndarray) -> list[str]:
    """Return the Markdown table of systems; `energies` are those after each prefix of ours."""
    measures = list(scores[0].measures)
    head = ["system", "kbit/s", *measures, "residual, dB", "n"]
    lines = [heading(head)]
    names = list(dict.fromkeys(score.system for score in scores))
    ours = [name for name in names if name.endswith(" levels")]
    for name in names:
        mine = [score for score in scores if score.system == name]
        rate = np.mean([score.bits_per_second for score in mine]) / 1000
        left = ""
        if name in ours:
            left = f"{10 * np.log10(energies[1 + ours.index(name)] / energies[0]):.1f}"
        cells = [cell(mine, measure) for measure in measures]
        least = min(len(valid(mine, measure)) for measure in measures)
        lines.append(row([name, f"{rate:.2f}", *cells, left, f"{least} of {len(mine)}"]))
    return lines


def levels_table(scores: list[Score]) -> list[str]:
    """Return the Markdown table of what levels add, between neighbours and over doublings."""
    measures = list(scores[0].measures)
    ours = [s for s in dict.fromkeys(score.system for score in scores) if s.endswith(" levels")]
    counts = [int(name.split()[-2]) for name in ours]
    pairs = list(zip(ours, ours[1:], strict=False))
    doubled = [n for n in (counts[-1] // 4, counts[-1] // 2, counts[-1]) if n in counts]
    named = [ours[counts.index(n)] for n in doubled]
    pairs += [pair for pair in zip(named, named[1:], strict=False) if pair not in pairs]
    head = ["levels", *(f"Δ {measure}" for measure in measures)]
    lines = [heading(head)]
    for before, after in pairs:
        step = f"{before.split()[-2]} → {after.split()[-2]}"
        lines.append(row([step, *(str(gain(scores, before, after, m)) for m in measures)]))
    return lines


def gain(scores: list[Score], before: str, after: str, measure: str) -> Interval:
    """Return the paired difference after − before over the clips that both have."""
    value = {(s.system, s.clip): s.measures[measure] for s in scores}
    owner = {s.clip: s.speaker for s in scores}
    both = [
        clip for clip in owner if None not in (value.get((before, clip)), value.get((after, clip)))
    ]
    gains = np.array([value[after, clip] - value[before, clip] for clip in both])
    return interval(gains, [owner[clip] for clip in both])


def valid(scores: list[Score], measure: str) -> np.ndarray:
    """Return the values of one measure where it is defined."""
    values = (score.measures[measure] for score in scores)
    return np.array([value for value in values if value is not None])


def cell(scores: list[Score], measure: str) -> str:
    """Return mean ± standard error."""
    values = valid(scores, measure)
    return f"{values.mean():.3f} ± {standard_error(values):.3f}" if values.size else "–"
