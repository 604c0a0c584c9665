"""Find what is known of a codec without scoring clips: its silence, its codebooks, its cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import codebooks, costs
from benchmarks.clips import Clip
from benchmarks.conditions import SILENCE
from benchmarks.costs import Cost
from benchmarks.judged import Judged


@dataclass(frozen=True)
class Facts:
    """What holds of one codec."""

    judged: Judged
    silence: float  # rms in dB of full scale that it makes of digital silence
    counts: Sequence[
        np.ndarray
    ] = ()  # how often each entry of each level was used; not counted: ()
    counted: str = ""  # on what
    cost: Cost | None = None


def find_facts(
    codecs: Sequence[Judged], clips: list[Clip], hours: float, turns: int
) -> list[Facts]:
    """Return what holds of each codec; no clips: no use of codebooks, no turns: no cost."""
    cost = costs.measure(codecs, turns) if turns else [None] * len(codecs)
    found = []
    for judged, own in zip(codecs, cost, strict=True):
        counts, seconds, used = (), 0.0, 0
        if clips:
            counts, seconds, used = codebooks.count(judged.codec, clips, hours * 3600, seed=0)
        counted = f"{seconds / 3600:.3f} h, {used} of {len(clips)} clips"
        found.append(Facts(judged, silence(judged), counts, counted, own))
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
    if facts[0].counts:
        lines = ["## Use of codebooks"]
        for each in facts:
            table = codebooks.table(each.judged.codec, each.counts)
            lines += ["", f"{each.judged.name}, {each.counted}:", "", *table]
        found.append(lines)
    measured = {each.judged.name: each.cost for each in facts if each.cost}
    return [*found, costs.section(measured, turns)] if measured else found
