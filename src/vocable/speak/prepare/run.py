"""Prepare recordings of a voice: analyse each, choose the voice, write its snippets."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from vocable.errors import AudioError, RecipeError
from vocable.measures.recognisers import load_word_recogniser
from vocable.measures.speakers import load_embedding
from vocable.speak.prepare.activity import load_activity
from vocable.speak.prepare.analysis import Analysis, analyse, read_analysis
from vocable.speak.prepare.chosen import choose, read_voice
from vocable.speak.prepare.existing import Existing, existing
from vocable.speak.prepare.made import Recording, made_of
from vocable.speak.prepare.set import PreparedSet
from vocable.speak.prepare.settings import Settings

Report = Callable[[float], None]
_PLAIN = Settings()


@dataclass(frozen=True)
class Prepared:
    """What came of a call.

    made       the set; None where no recording can be used
    fresh      how many recordings were new to it
    refused    recordings that cannot be used: why
    repeated   recordings that hold the same bytes as another, or are in the set
    """

    made: PreparedSet | None
    fresh: int
    refused: dict[str, str]
    repeated: tuple[str, ...]


def prepare(
    recordings: Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    settings: Settings = _PLAIN,
    *,
    speaker: str = "",
    consent: str = "",
    afresh: bool = False,
    report: Report = lambda share: None,
) -> Prepared:
    """Make a prepared set of recordings of one voice in `folder`, or add them to the one there.

    recordings: of any length, all that `AudioReader` reads; films with the extra `media`. speaker:
    the name of the voice, by default that of the folder. consent: who allowed what. afresh: replace
    the set in the folder, with all that was corrected by hand.

    What is found in a recording is kept by its bytes and the settings, so whatever ends a run, the
    next one goes on; and one with a recording more does only the new work. Texts that were
    corrected stay. Recordings that cannot be used are named; the others are done. Raises
    RecipeError for a folder with something else in it, or a set of other settings, and MeasureError
    for a package that is missing.
    """
    before = existing(Path(folder), settings, speaker, afresh)
    load_word_recogniser(settings.recogniser), load_activity(settings.activity)
    if settings.speakers:
        load_embedding(settings.speakers)
    before.work.mkdir(parents=True, exist_ok=True)
    known, refused, repeated = _analysed(_paths(recordings), before, report)
    if not known and before.made is None:
        return Prepared(None, 0, refused, tuple(repeated))
    voice = before.work / "voice.json"
    chosen = choose([each.analysis for each in known], settings.likeness, read_voice(voice))
    made = made_of(known, chosen, before, consent)
    chosen.save(voice)
    return Prepared(made, len(known), refused, tuple(repeated))


def _paths(recordings: Iterable[str | os.PathLike[str]]) -> list[Path]:
    return list(dict.fromkeys(map(Path, recordings)))


def _analysed(
    paths: Sequence[Path], before: Existing, report: Report
) -> tuple[list[Recording], dict[str, str], list[str]]:
    """Return the recordings that are new, those that cannot be used, and those that are known."""
    known, refused, repeated = [], dict[str, str](), list[str]()
    settings, seen = before.settings, set(before.hashes)
    for n, path in enumerate(paths):
        try:
            digest = _digest(path)
            if digest in seen:
                repeated.append(str(path))
                continue
            kept = before.work / f"{digest[:16]}-{settings.key}.json"
            analysis = read_analysis(kept) or _saved(
                analyse(path, settings, partial(_share, report, n, len(paths))), kept
            )
        except (AudioError, RecipeError, FileNotFoundError, PermissionError) as error:
            refused[str(path)] = str(error)
            continue
        seen.add(digest)
        known.append(Recording(path, digest, analysis))
        settings = replace(settings, language=settings.language or analysis.language)
    return known, refused, repeated


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _share(report: Report, done: int, count: int, share: float) -> None:
    report((done + share) / count)


def _saved(analysis: Analysis, path: Path) -> Analysis:
    analysis.save(path)
    return analysis
