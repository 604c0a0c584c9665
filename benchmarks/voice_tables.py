"""The tables of benchmarks.voice_minutes: each way, what is kept of a gain, what is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.tables import heading, row
from benchmarks.voice_runs import Run, Said, Surprise
from vocable.evaluate.intervals import Interval, bootstrap_interval, ratio_interval

SHARE, WANTED = 0.05, 0.80  # of the parameters, and of the full gain
MEASURES = ("likeness", "bits")
Pick = Callable[[Run], Sequence[Surprise]]


def of_hers(run: Run) -> Sequence[Surprise]:
    """Return the bits of her held-out recordings."""
    return run.held_out


def of_others(run: Run) -> Sequence[Surprise]:
    """Return the bits of other speakers' held-out recordings."""
    return run.others


def chosen(runs: Sequence[Run], way: str, minutes: float) -> list[Run]:
    """Return the runs of a way, all seeds; the base and recordings are of any minutes."""
    found = [run for run in runs if run.way == way]
    return [run for run in found if run.minutes in (0, minutes)]


def likeness(runs: Sequence[Run]) -> Interval:
    """Return the mean likeness to her recordings, with its interval over sentences."""
    found = _said(runs)
    values = np.array([each.likeness for each in found])
    return bootstrap_interval(values, [each.text for each in found])


def word_error(runs: Sequence[Run]) -> Interval:
    """Return the word errors by the words, with their interval over sentences."""
    found = _said(runs)
    errors, words = (np.array([getattr(each, name) for each in found]) for name in _ERRORS)
    return ratio_interval(errors, words, [each.text for each in found])


_ERRORS = ("errors", "words")


def bits(runs: Sequence[Run], pick: Pick) -> Interval | None:
    """Return the bits of a frame, with their interval over recordings."""
    found = [each for run in runs for each in pick(run)]
    if not found:
        return None
    return ratio_interval(
        np.array([each.bits for each in found]), np.array([each.frames for each in found]),
        [each.name for each in found],
    )  # fmt: skip


def gain_kept(
    measure: str, part: Sequence[Run], whole: Sequence[Run], before: Sequence[Run]
) -> Interval | None:
    """Return what share of the gain of `whole` over `before` a part has, over sentences.

    None where the whole gains nothing. measure: "likeness", of the same sentences and seeds; or
    "bits", of the same held-out recordings.
    """
    values, owners = zip(*(_values(measure, runs) for runs in (part, whole, before)), strict=True)
    if len({tuple(each) for each in owners}) != 1:
        raise ValueError("a gain is that of the same sentences or recordings, with the same seeds")
    gained, all_gained = values[0] - values[2], values[1] - values[2]
    if not all_gained.sum() > 0:
        return None
    return ratio_interval(gained, all_gained, [name for name, _ in owners[0]])


def _values(measure: str, runs: Sequence[Run]) -> tuple[np.ndarray, list[tuple[str, int]]]:
    """Return what is the better the higher, of each item, and the name and seed of each."""
    if measure == "likeness":
        found = {(each.text, each.seed): each.likeness for each in _said(runs)}
    else:
        found = {(each.name, run.seed): -each.bits for run in runs for each in run.held_out}
    return np.array(list(found.values())), list(found)


def verdict(measure: str, share: float, kept: Interval | None) -> str:
    """Return one line: whether the claim of the seeds holds for a measure."""
    if kept is None:
        return f"{measure}: all of the weights gain nothing, so there is nothing to keep"
    if share > SHARE:
        return f"{measure}: the adapter has {100 * share:.1f} % of the parameters: no test"
    if kept.low >= WANTED:
        holds = "holds"
    elif kept.mean >= WANTED:
        holds = "holds for the mean, not for all of the interval"
    else:
        holds = "does not hold"
    return f"{measure}: {percent(kept)} of the full gain by {100 * share:.1f} %: {holds}"


def ways_table(runs: Sequence[Run], ways: Sequence[str]) -> str:
    """Return a row for each way and number of minutes."""
    head = ["way", "minutes", "likeness", "word error", "bits a frame", "learns", "training"]
    lines = [heading(head)]
    for way in ways:
        for minutes in _minutes(runs, way):
            own = chosen(runs, way, minutes)
            counted = bits(own, of_hers)
            share, seconds = own[0].share, np.mean([run.seconds for run in own])
            lines.append(
                row([
                    way, f"{minutes:g}" if minutes else "", plain(likeness(own), 3),
                    percent(word_error(own)), plain(counted, 2),
                    f"{100 * share:.1f} %" if share else "", f"{seconds:.0f} s" if share else "",
                ])
            )  # fmt: skip
    return "\n".join(lines)


def gains_table(runs: Sequence[Run]) -> str:
    """Return how much of what all weights gain is kept by few: over the base, and the prompt."""
    lines = [heading(["minutes", "measure", "over", "full gains", "LoRA", "LoRA + prompt"])]
    for minutes in _minutes(runs, "full"):
        for measure in MEASURES:
            for over in ("base", "prompt"):
                full, before = chosen(runs, "full", minutes), chosen(runs, over, minutes)
                kept = [
                    gain_kept(measure, chosen(runs, way, minutes), full, before)
                    for way in ("LoRA", "LoRA + prompt")
                ]
                gained = _gain(measure, full, before)
                lines.append(row([f"{minutes:g}", measure, over, gained, *map(percent, kept)]))
    return "\n".join(lines)


def forgetting_table(runs: Sequence[Run]) -> str:
    """Return the held-out bits of other speakers before and after."""
    lines = [heading(["way", "minutes", "bits of others", "change by the base's"])]
    for way in ("base", "LoRA", "full"):
        for minutes in _minutes(runs, way):
            own, before = chosen(runs, way, minutes), chosen(runs, "base", minutes)
            found = bits(own, of_others)
            more = "" if way == "base" else plain(change(own, before, of_others), 2, "+")
            shown = f"{minutes:g}" if minutes else ""
            lines.append(row([way, shown, plain(found, 2), more]))
    return "\n".join(lines)


def change(after: Sequence[Run], before: Sequence[Run], pick: Pick) -> Interval:
    """Return how many bits a frame costs more after than before, over the same recordings."""
    first, last = ([each for run in runs for each in pick(run)] for runs in (before, after))
    more = [b.bits - a.bits for a, b in zip(first, last, strict=True)]
    frames = np.array([each.frames for each in first])
    return ratio_interval(np.array(more), frames, [each.name for each in first])


def verdicts(runs: Sequence[Run]) -> list[str]:
    """Return whether the claim holds, for each number of minutes, way and measure."""
    found = []
    for minutes in _minutes(runs, "full"):
        full, base = chosen(runs, "full", minutes), chosen(runs, "base", minutes)
        for way in ("LoRA", "LoRA + prompt"):
            own = chosen(runs, way, minutes)
            for measure in MEASURES:
                kept = gain_kept(measure, own, full, base)
                told = verdict(measure, own[0].share, kept)
                found.append(f"- {minutes:g} minutes, {way}, {told}")
    return found


def plain(value: Interval | None, places: int, sign: str = "") -> str:
    """Return a mean and its interval."""
    if value is None:
        return ""
    ends = f" ({value.low:{sign}.{places}f} to {value.high:{sign}.{places}f})"
    return f"{value.mean:{sign}.{places}f}" + ("" if np.isnan(value.low) else ends)


def percent(value: Interval | None) -> str:
    """Return a share and its interval in percent."""
    if value is None:
        return "no gain"
    ends = f" ({100 * value.low:.0f} to {100 * value.high:.0f})"
    return f"{100 * value.mean:.0f} %" + ("" if np.isnan(value.low) else ends)


def _gain(measure: str, full: Sequence[Run], before: Sequence[Run]) -> str:
    if measure == "likeness":
        return f"{likeness(full).mean - likeness(before).mean:+.3f}"
    last, first = (bits(runs, of_hers) for runs in (full, before))
    return f"{last.mean - first.mean:+.2f} a frame" if last and first else ""


def _minutes(runs: Sequence[Run], way: str) -> list[float]:
    return sorted({run.minutes for run in runs if run.way == way})


def _said(runs: Sequence[Run]) -> list[Said]:
    return [each for run in runs for each in run.said]
