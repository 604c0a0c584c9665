"""Make the set: its rows, its sound, and the files that say what it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

from vocable.errors import RecipeError
from vocable.speak.prepare.analysis import Analysis, Snippet
from vocable.speak.prepare.checks import VOICE
from vocable.speak.prepare.chosen import Chosen
from vocable.speak.prepare.existing import Existing
from vocable.speak.prepare.names import file_stem, free_name, shown
from vocable.speak.prepare.originals import HEARD, read_originals
from vocable.speak.prepare.page import PAGE, page_of
from vocable.speak.prepare.report import REPORT, lost_seconds, report
from vocable.speak.prepare.set import (
    AUDIO,
    FORMAT,
    About,
    LeftOut,
    PreparedSet,
    Row,
    Source,
    TimedWord,
)
from vocable.speak.prepare.spans import read_spans
from vocable.speak.prepare.splits import TRAIN, VALID, splits

HIGHEST = 48_000  # Hz of a snippet
NO_SPEECH = "pauses, and sound that is not speech"


@dataclass(frozen=True)
class Recording:
    """A recording that is new to a set."""

    path: Path
    sha256: str
    analysis: Analysis


@dataclass(frozen=True)
class _Kept:
    """A snippet of the set, and who speaks in it: 0 is the voice of the set."""

    snippet: Snippet
    person: int


def made_of(
    recordings: Sequence[Recording], chosen: Chosen, before: Existing, consent: str
) -> PreparedSet:
    """Write the set with what is new in it, and return it. The sound comes first, set.json last."""
    old = before.made
    sources = list(old.about.sources) if old else []
    rows = [row for row in old.rows if row.source in {s.name for s in sources}] if old else []
    stems = _stems(old or before.replaced)
    (before.folder / AUDIO).mkdir(parents=True, exist_ok=True)
    fresh: list[Row] = []
    for n, each in enumerate(recordings):
        kept, out, lost = _sorted_out(n, each.analysis, chosen, before.settings.keep_speakers)
        source = _source(each, [s.name for s in sources], len(kept), lost, tuple(out))
        stem = free_name(file_stem(source.name), stems)
        own = [
            _row(one, f"{AUDIO}/{stem}-{k:04}.flac", source, before.speaker, each.analysis, chosen)
            for k, one in enumerate(kept, 1)
        ]
        _write_sound(each.path, own, before.folder)
        fresh += own
        sources.append(source)
        stems.add(stem)
    if not rows and not fresh:
        raise RecipeError(f"no snippet is left for {before.folder}: {_seconds(sources)}")
    rows += _split(fresh, sum(row.seconds for row in rows if row.split == VALID))
    about = _about(before, consent, recordings, tuple(sources))
    made = PreparedSet(before.folder, about, tuple(rows))
    originals = read_originals(before.folder) if old else {}
    made.save({REPORT: report(made), PAGE: page_of(made, originals)})
    _tidy(made, before)
    return made


def _stems(made: PreparedSet | None) -> set[str]:
    """Return the names that a set has used: its sound stays until the new one is whole."""
    files = [*(row.file_name for row in made.rows), *made.about.dropped] if made else []
    return {re.sub(r"-\d+$", "", Path(name).stem) for name in files}


def _sorted_out(
    n: int, found: Analysis, chosen: Chosen, keep_others: bool
) -> tuple[list[_Kept], list[LeftOut], dict[str, float]]:
    """Return the snippets that are kept, those that are not, and the seconds lost by reason."""
    kept, out, lost = list[_Kept](), list[LeftOut](), dict(found.lost)
    for snippet in found.snippets:
        person = chosen.person(n, snippet)
        wrong = person < 0 or (person > 0 and not keep_others)
        if fault := VOICE if wrong else snippet.fault:
            lost[fault] = lost.get(fault, 0.0) + snippet.seconds
            out.append(_left_out(snippet, fault, person))
        else:
            kept.append(_Kept(snippet, person))
    used = sum(each.snippet.seconds for each in kept) + sum(lost.values())
    lost[NO_SPEECH] = max(0.0, found.seconds - used)
    return kept, out, {reason: round(seconds, 2) for reason, seconds in lost.items()}


def _left_out(snippet: Snippet, fault: str, person: int) -> LeftOut:
    """Return a snippet that is left out; another voice has a number, two at once have none."""
    why = f"{fault} ({person + 1})" if fault == VOICE and person > 0 else fault
    return LeftOut(round(snippet.begin, 2), round(snippet.end, 2), why, snippet.text)


def _seconds(sources: Sequence[Source]) -> str:
    lost = lost_seconds(sources)
    return ", ".join(f"{seconds:.0f} s {why}" for why, seconds in lost.items() if seconds >= 0.5)


def _source(
    each: Recording,
    taken: Sequence[str],
    count: int,
    lost: dict[str, float],
    out: tuple[LeftOut, ...],
) -> Source:
    found, name = each.analysis, free_name(shown(each.path.name), taken)
    return Source(name, each.sha256, found.seconds, found.rate, found.channels, count, lost, out)


def _row(
    kept: _Kept, file: str, source: Source, speaker: str, found: Analysis, chosen: Chosen
) -> Row:
    snippet = kept.snippet
    return Row(
        file,
        snippet.text,
        speaker if kept.person == 0 else f"{speaker}-{kept.person + 1}",
        found.language,
        source.name,
        round(snippet.begin, 3),
        round(snippet.end, 3),
        TRAIN,
        tuple(_timed(snippet)),
        {**snippet.checks, "likeness": chosen.likeness(snippet)},
    )


def _timed(snippet: Snippet) -> list[TimedWord]:
    """Return the words with their times in the snippet, which none leaves."""
    times = [
        [round(min(max(0.0, at - snippet.begin), snippet.seconds), 3) for at in (w.begin, w.end)]
        for w in snippet.words
    ]
    return [
        TimedWord(begin, end, word.text.strip(), round(word.probability, 3))
        for word, (begin, end) in zip(snippet.words, times, strict=True)
    ]


def _write_sound(path: Path, rows: Sequence[Row], folder: Path) -> None:
    for row, audio in zip(rows, read_spans(path, rows), strict=True):
        audio.resample(min(audio.rate, HIGHEST)).save(folder / row.file_name, overwrite=True)


def _split(rows: Sequence[Row], held: float) -> list[Row]:
    """Return rows with their split. held: seconds that the set holds out already."""
    seconds: dict[str, list[float]] = {}
    for row in rows:
        seconds.setdefault(row.source, []).append(row.seconds)
    found = {name: iter(each) for name, each in splits(seconds, held).items()}
    return [replace(row, split=next(found[row.source])) for row in rows]


def _about(
    before: Existing, consent: str, recordings: Sequence[Recording], sources: tuple[Source, ...]
) -> About:
    if before.made is not None:
        old = before.made.about
        return replace(old, consent=consent or old.consent, sources=sources)
    settings = before.settings
    language = settings.language or recordings[0].analysis.language
    return About(
        format=FORMAT,
        vocable=version("vocable"),
        name=before.folder.resolve().name,
        speaker=before.speaker,
        consent=consent,
        language=language,
        recogniser=settings.recogniser,
        settings=asdict(replace(settings, language=language)),
        sources=sources,
    )


def _tidy(made: PreparedSet, before: Existing) -> None:
    """Remove what was given up by --force, now that the new set is there."""
    if before.replaced is not None:
        own = {row.file_name for row in made.rows}
        given_up = [row.file_name for row in before.replaced.rows if row.file_name not in own]
        for name in (*given_up, *before.replaced.about.dropped, HEARD):
            if name not in own:
                (made.folder / name).unlink(missing_ok=True)
