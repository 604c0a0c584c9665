"""Set out what a voice codec is judged by, one section of Markdown for each question."""

from dataclasses import replace

from benchmarks.conditions import COMPANY, LEVEL, TELEPHONE
from benchmarks.judged import Plan
from benchmarks.judging import System
from benchmarks.results import Results, shown
from benchmarks.scores import MEASURES, gains_table
from benchmarks.tables import heading, row

ENGLISH = "speech"


def quality(plan: Plan, results: Results) -> list[str]:
    """Every prefix of every codec, and the peers, by every measure."""
    found = results.of()
    measures = [*MEASURES, "level_db"]
    systems = [s for judged in plan.codecs for s in judged.systems.values()] + plan.anchors
    lines = ["## Quality", "", heading(["system", "kbit/s", *measures, "n"])]
    for system in systems:
        rows = found.by(system.label)
        rate = sum(r.bits_per_second for r in rows) / len(rows) / 1000
        cells = [shown(found.mean(system.label, m)) for m in MEASURES]
        cells.append(_signed(found, system, "level_db"))
        least = min(found.values(system.label, m).size for m in measures)
        lines.append(row([system.label, f"{rate:.2f}", *cells, f"{least} of {len(rows)}"]))
    return lines


def differences(plan: Plan, results: Results) -> list[str]:
    """The judged codec against every other system, paired by clip."""
    found, judged = results.of(), plan.codecs[0]
    measures = list(MEASURES)
    lines = ["## Paired differences", "", heading(["system", "less", *measures])]
    others = [*(other.full for other in plan.codecs[1:]), *plan.anchors]
    for mine in dict.fromkeys((judged.full, judged.low)):
        for other in others:
            gains = (found.gain(other.label, mine.label, m) for m in measures)
            lines.append(row([mine.label, other.label, *(shown(g, signed=True) for g in gains)]))
    return lines if others else []


def levels(plan: Plan, results: Results) -> list[str]:
    """What each level adds, and each quarter of the levels."""
    lines = ["## Each added level"]
    for judged in plan.codecs:
        systems = {n: system.label for n, system in judged.systems.items()}
        rows = [
            replace(r, measures={m: r.measures[m] for m in MEASURES})
            for label in systems.values()
            for r in results.of().by(label)
        ]
        lines += ["", f"{judged.name}:", ""]
        lines += gains_table(rows, systems, judged.quarters())
    return lines


def foreign(plan: Plan, results: Results) -> list[str]:
    """Other languages and accents against English; the interval is that set's own."""
    names = [name for name in plan.sets if name not in (ENGLISH, "music")]
    head = ["system", "set", "pesq_wb", "stoi", "pesq_wb / English", "n"]
    lines = ["## Other languages and accents", "", heading(head)]
    for system in plan.complete:
        english = results.of().mean(system.label, "pesq_wb")
        for name in names:
            found = results.of(clips=name)
            pesq, stoi = (found.mean(system.label, m) for m in ("pesq_wb", "stoi"))
            share = "–"
            if pesq and english:
                parts = (value / english.mean for value in (pesq.mean, pesq.low, pesq.high))
                share = "{:.3f} [{:.3f}, {:.3f}]".format(*parts)
            count = f"{found.values(system.label, 'pesq_wb').size} of {len(plan.sets[name])}"
            lines.append(row([system.label, name, shown(pesq), shown(stoi), share, count]))
    return lines if names else []


def level(plan: Plan, results: Results) -> list[str]:
    """How loud it comes out, and how good, for each level of the input."""
    head = ["system", "largest sample of the input", "level_db", "within 0.5 dB", "pesq_wb"]
    lines = ["## Level", "", heading(head)]
    for system in plan.complete:
        for condition in ("clean", *LEVEL):
            found = results.of(condition=condition)
            levels = found.values(system.label, "level_db")
            near = f"{(abs(levels) <= 0.5).mean():.0%}" if levels.size else "–"
            cells = [_signed(found, system, "level_db"), near]
            cells.append(shown(found.mean(system.label, "pesq_wb")))
            shown_as = "as recorded" if condition == "clean" else condition
            lines.append(row([system.label, shown_as, *cells]))
        change = results.change(system.label, "0 dB", "-30 dB", "pesq_wb")
        lines.append(row([system.label, "-30 dB less 0 dB", "", "", shown(change, signed=True)]))
    return lines


def telephone(plan: Plan, results: Results) -> list[str]:
    """Speech of a narrow band, against what went in."""
    lines = ["## Telephone band", "", heading(["system", "input", "stoi", "pesq_wb", "level_db"])]
    for system in plan.complete:
        for condition in TELEPHONE:
            found = results.of(condition=condition)
            cells = [shown(found.mean(system.label, m)) for m in ("stoi", "pesq_wb")]
            lines.append(row([system.label, condition, *cells, _signed(found, system, "level_db")]))
    return lines


def company(plan: Plan, results: Results) -> list[str]:
    """Noise, rooms, other voices and music, against what went in, beside clean speech."""
    head = ["system", "input", "stoi", "mel_distance_dac", "level_db", "loudest_db"]
    head.append("highest of all")
    lines = ["## Noise, reverberation, two voices, music", "", heading(head)]
    inputs = [(ENGLISH, condition) for condition in ("clean", *COMPANY)]
    inputs += [("music", "clean")] if "music" in plan.sets else []
    for system in plan.complete:
        for name, condition in inputs:
            found = results.of(clips=name, condition=condition)
            cells = [shown(found.mean(system.label, m)) for m in ("stoi", "mel_distance_dac")]
            cells += [_signed(found, system, m) for m in ("level_db", "loudest_db")]
            highest = max(found.values(system.label, "loudest_db"), default=float("nan"))
            title = "music" if name == "music" else condition
            lines.append(row([system.label, title, *cells, f"{highest:+.1f}"]))
    return lines


def _signed(found: Results, system: System, measure: str) -> str:
    return shown(found.mean(system.label, measure), 2, signed=True)
