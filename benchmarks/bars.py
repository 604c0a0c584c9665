"""Hold the first codec against what a new voice has to reach, one line for each bar.

A mean has to reach its bar. "Better", "falls" and "rises" are of paired differences, whose whole
95 % interval has to lie on that side.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.conditions import COMPANY, LEVEL
from benchmarks.costs import Cost
from benchmarks.facts import Facts
from benchmarks.heard import transcripts
from benchmarks.judged import Plan
from benchmarks.results import Results, shown
from benchmarks.tables import heading, row
from vocable.evaluate import Interval, TokenUse
from vocable.measures import REGISTRY

FASTEST = 2200.0  # bit/s at which the first bars hold
SILENT = -96.0  # dB of full scale: half a step of 16 bits
PEER = "Codec2 3200"


@dataclass(frozen=True)
class Bar:
    """What is asked, what was found, and whether that is enough."""

    figure: str
    asked: str
    found: str
    met: bool


def against_bars(plan: Plan, results: Results, facts: Facts) -> list[str]:
    """Return the section; facts: of the first codec."""
    bars = [*_quality(plan, results), *_better(plan, results), *_foreign(plan, results)]
    bars += [*_levels(plan, results), *_loudness(plan, results), *_company(plan, results)]
    quiet = facts.silence
    bars.append(Bar("silence", f"≤ {SILENT:g} dB", f"{quiet:.1f} dB", quiet <= SILENT))
    bars += [*_used(facts.use), *(_cost(facts.cost) if facts.cost else ())]
    lines = [f"## {plan.codecs[0].name} against the bars", ""]
    lines.append(heading(["figure", "bar", "found", "met"]))
    return [*lines, *(row([b.figure, b.asked, b.found, "yes" if b.met else "no"]) for b in bars)]


def _quality(plan: Plan, results: Results) -> Iterator[Bar]:
    judged, found = plan.codecs[0], results.of()
    under = [n for n, rate in judged.rates.items() if rate <= FASTEST]
    most = judged.systems[max(under, default=min(judged.systems))]
    yield _least("PESQ-WB", most.label, found.mean(most.label, "pesq_wb"), 2.15, "2.50 with a GPU")
    yield _least("STOI", most.label, found.mean(most.label, "stoi"), 0.895, "0.92 with a GPU")
    low = judged.low.label
    yield _least("PESQ-WB", low, found.mean(low, "pesq_wb"), 1.90)


def _better(plan: Plan, results: Results) -> Iterator[Bar]:
    """ViSQOL, the speaker and the words, against Codec2 3200 and the other codecs."""
    mine = plan.codecs[0].full.label
    others = [other.full.label for other in plan.codecs[1:]] + [PEER] * plan.peers
    for other in others:
        for kind, measure in [("scores", name) for name in _visqol()] + [("speaker", "speaker")]:
            gain = results.of(kind).gain(other, mine, measure)
            if gain:
                yield Bar(f"{measure} less {other}", "better", shown(gain, 3, True), gain.low > 0)
        if plan.words:
            gain = transcripts(plan, results, "speech").difference(mine, other, False)
            better = gain is not None and gain.high < 0
            yield Bar(f"word errors less {other}, %", "better", shown(gain, 1, True), better)


def _foreign(plan: Plan, results: Results) -> Iterator[Bar]:
    label = plan.codecs[0].full.label
    english = results.of().mean(label, "pesq_wb")
    for name in plan.sets:
        found = results.of(clips=name).mean(label, "pesq_wb")
        if name not in ("speech", "music") and found and english:
            share = found.mean / english.mean
            yield Bar(f"PESQ-WB, {name} / English", "≥ 0.90", f"{share:.3f}", share >= 0.9)


def _levels(plan: Plan, results: Results) -> Iterator[Bar]:
    judged, found = plan.codecs[0], results.of()
    label = {n: system.label for n, system in judged.systems.items()}
    for measure in ("pesq_wb", "stoi", *_visqol()):

        def steps(
            numbers: Sequence[int], wrong: Callable[[Interval], bool], name: str = measure
        ) -> str:
            gains = {(a, b): found.gain(label[a], label[b], name) for a, b in pairwise(numbers)}
            return ", ".join(
                f"{a} → {b}" for (a, b), gain in gains.items() if not gain or wrong(gain)
            )

        fallen = steps(list(label), lambda gain: gain.high < 0)
        said = fallen or "none falls"
        yield Bar(f"{measure}, each added level", "does not fall", said, not fallen)
        flat = steps(judged.quarters(), lambda gain: gain.low <= 0)
        yield Bar(f"{measure}, each quarter", "rises", flat or "all rise", not flat)


def _loudness(plan: Plan, results: Results) -> Iterator[Bar]:
    label = plan.codecs[0].full.label
    means = {name: results.of(condition=name).mean(label, "level_db") for name in LEVEL}
    farthest = max((m.mean for m in means.values() if m), key=abs, default=np.nan)
    yield Bar("level, the farthest of -36 to 0 dB", *_within(farthest, 0.5, "dB"))
    change = results.change(label, "0 dB", "-30 dB", "pesq_wb")
    yield Bar("PESQ-WB, -30 dB less 0 dB", *_within(change.mean if change else np.nan, 0.05))
    narrow = results.of(condition="from 8 kHz")
    yield _least("STOI", "from 8 kHz", narrow.mean(label, "stoi"), 0.85)
    yield _least("PESQ-WB", "from 8 kHz", narrow.mean(label, "pesq_wb"), 1.8)
    level = narrow.mean(label, "level_db")
    yield Bar("level, from 8 kHz", *_within(level.mean if level else np.nan, 0.5, "dB"))


def _company(plan: Plan, results: Results) -> Iterator[Bar]:
    label = plan.codecs[0].full.label
    rooms = [results.of(condition=name) for name in COMPANY] + [results.of(clips="music")]
    highest = max((v for room in rooms for v in room.values(label, "loudest_db")), default=np.nan)
    yield Bar("loudest frame over the input's", "≤ 3 dB", f"{highest:.1f} dB", bool(highest <= 3))


def _used(use: TokenUse | None) -> Iterator[Bar]:
    if use:
        least = min(level.used for level in use.levels)
        yield Bar(
            "entries in use, of the level with fewest", "≥ 90 %", f"{least:.1%}", least >= 0.9
        )


def _cost(cost: Cost) -> Iterator[Bar]:
    slowest, most = min(cost.speed), max(cost.gflops)
    yield Bar("speed / that of the last codec", "≥ 0.5", f"{slowest:.2f}", slowest >= 0.5)
    yield Bar("GFLOP per second of audio", "≤ 1.2", f"{most:.2f}", most <= 1.2)
    wait = 1000 * float(cost.latency.steady) if cost.latency else np.inf
    yield Bar("latency", "≤ 50 ms", f"{wait:.1f} ms", wait <= 50)
    yield Bar("size", "≤ 20 MB", f"{cost.megabytes:.1f} MB", cost.megabytes <= 20)


def _visqol() -> list[str]:
    return [name for name in ("visqol_speech",) if name in REGISTRY]


def _least(name: str, what: str, found: Interval | None, bar: float, more: str = "") -> Bar:
    asked = f"≥ {bar:g}" + (f", {more}" if more else "")
    return Bar(f"{name}, {what}", asked, shown(found), found is not None and found.mean >= bar)


def _within(found: float, bar: float, unit: str = "") -> tuple[str, str, bool]:
    return f"± {bar:g} {unit}".rstrip(), f"{found:+.2f} {unit}".rstrip(), bool(abs(found) <= bar)
