"""Find what is known of a codec without scoring clips: its silence, its codebooks, its cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import codebooks, costs
from benchmarks.clips import Clip
from benchmarks.conditions import SILENCE
from benchmarks.costs import Cost
from benchmarks.judged import Judged
from vocable.evaluate import TokenUse


@dataclass(frozen=True)
class Facts:
    """What holds of one codec."""

    judged: Judged
    silence: float  # rms in dB of full scale that it makes of digital silence
    use: TokenUse | None = None  # of its tokens; None: not counted
    counted: str = ""  # on what
    cost: Cost | None = None


def find_facts(
    codecs: Sequence[Judged], clips: list[Clip], hours: float, turns: int
) -> list[Facts]:
    """Return what holds of each codec; no clips: no use of codebooks, no turns: no cost."""
    cost = costs.measure(codecs, turns) if turns else [None] * len(codecs)
    found = []
    for judged, own in zip(codecs, cost, strict=True):
        use = codebooks.count(judged.codec, clips, hours * 3600, seed=0) if clips else None
        counted = codebooks.counted(use, clips) if use else ""
        found.append(Facts(judged, silence(judged), use, counted, own))
    return found


def silence(judged: Judged) -> float:
    """Return the rms in dB of full scale of what a codec makes of digital silence."""
    nothing = np.zeros(round(SILENCE * judged.codec.rate), np.float32)
    decoded = judged.codec.decode(judged.codec.encode(nothing, rate=judged.codec.rate))
    power = float(np.mean(decoded.samples.astype(np.float64) ** 2))
    return 10 * float(np.log10(power)) if power else -np.inf


def sections(facts: Sequence[Facts], turns: int) -> list[list[str]]:
    """Return the sections on silence, codebooks and cost."""
    said = [f"{each.judged.name} {each.silence:.1f} dB of full scale" for each in facts]
    found = [["## Silence", "", f"Rms of what comes back of digital silence: {', '.join(said)}."]]
    used = [(each, each.use) for each in facts if each.use]
    if used:
        lines = ["## Use of codebooks"]
        for each, use in used:
            table = codebooks.table(use)
            lines += ["", f"{each.judged.name}, {each.counted}:", "", *table]
        found.append(lines)
    measured = {each.judged.name: each.cost for each in facts if each.cost}
    return [*found, costs.section(measured, turns)] if measured else found
