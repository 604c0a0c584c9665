"""Show and play the best, the median and the worst file of systems beside their originals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vocable.audio import Audio
from vocable.evaluate.report.excerpts import LONGEST, Excerpt, flac
from vocable.evaluate.report.figures import counted, kbps, plain
from vocable.evaluate.report.markup import Markup, data_uri, joined, tag
from vocable.evaluate.report.picks import Pick, audible_systems, heard_systems
from vocable.evaluate.report.pictures import legend, picture
from vocable.evaluate.sweep import Study
from vocable.measures.registry import find


def players(study: Study, excerpts: Sequence[Excerpt]) -> Iterator[Markup]:
    """Yield, by set and system, the excerpts side by side."""
    yield tag("p", f"{_about(study)} {legend()}", class_="note")
    groups: dict[str, dict[str, list[Excerpt]]] = {}
    for each in excerpts:
        by_system = groups.setdefault(each.pick.result.set, {})
        by_system.setdefault(each.pick.result.system, []).append(each)
    for name, by_system in groups.items():
        yield tag("h3", name)
        for system, found in by_system.items():
            cards = tag("div", *map(_card, found), class_="cards")
            yield tag("details", tag("summary", tag("b", system), _scored(found)), cards)


def _about(study: Study) -> str:
    """Return which systems are heard, and how long."""
    every, shown = audible_systems(study), heard_systems(study)
    left = "" if shown == every else (
        f" So that the page stays small, {len(shown)} of {len(every)} systems are here, evenly "
        "spaced in their order."
    )  # fmt: skip
    return (
        "By the main measure of each set, the best, the median and the worst file of each system. "
        f"Sounds are the first {LONGEST:.0f} s or less, channels mixed, without loss.{left}"
    )


def _scored(excerpts: Sequence[Excerpt]) -> str:
    first = excerpts[0].pick
    rates = [each.pick.result.bitrate for each in excerpts]
    rate = f", about {kbps(rates[len(rates) // 2])} kbit/s" if None not in rates else ""
    found = ", ".join(f"{_places(each.pick)} {_score(each.pick)}" for each in excerpts)
    return f"{rate}: {first.measure} {found}"


def _card(excerpt: Excerpt) -> Markup:
    pick = excerpt.pick
    title = f"{_places(pick)} of {pick.among}: {pick.result.name}"
    told = f"{pick.measure} {_score(pick)}{_speaker(pick)}{_late(pick)}"
    head = tag("figcaption", tag("b", title), tag("br"), told)
    original, decoded = excerpt.original, excerpt.decoded
    if original is None or decoded is None:
        return tag("figure", head, tag("p", f"Nothing to hear: {excerpt.fault}", class_="few"))
    drawn = picture(original, decoded, excerpt.tokens, f"spectrograms of {pick.result.name}")
    playable = _player("original", original), _player("decoded", decoded)
    return tag("figure", head, drawn, joined(playable))


def _places(pick: Pick) -> str:
    return " and ".join(pick.places)


def _score(pick: Pick) -> str:
    return plain(pick.result.scores[pick.measure], find(pick.measure).digits)


def _speaker(pick: Pick) -> str:
    result = pick.result
    return f", by {result.speaker}" if result.speaker and result.speaker != result.name else ""


def _late(pick: Pick) -> str:
    delay = 1000 * pick.result.delay
    return f", {plain(delay, 1)} ms late" if abs(delay) >= 0.5 else ""


def _player(name: str, audio: Audio) -> Markup:
    """Return a player that loads nothing until it is started: browsers hold only so many."""
    uri = data_uri("audio/flac", flac(audio))
    label = f"{name}, {counted(audio.rate, 'Hz').removesuffix('s')}, {audio.seconds:.1f} s"
    sound = tag("audio", src=uri, controls="", preload="none", aria_label=label)
    return tag("div", tag("span", label), sound, class_="player")
