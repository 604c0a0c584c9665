"""All that is found in one recording by itself, and kept, so that it is found once.

It does not depend on the other recordings: whose voice the set is of, is decided later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from vocable.atomic import replacing
from vocable.audio import Audio
from vocable.errors import RecipeError
from vocable.fitting import fit
from vocable.measures.recognisers import load_word_recogniser
from vocable.measures.speakers import load_embedding
from vocable.measures.word_times import Word, text_of
from vocable.speak.prepare.activity import load_activity
from vocable.speak.prepare.checks import UNFIT, checks_of, faults
from vocable.speak.prepare.cuts import Breath, Cut, breaths, cuts
from vocable.speak.prepare.scan import Scan, scan
from vocable.speak.prepare.settings import Settings
from vocable.speak.prepare.spans import read_spans
from vocable.speak.prepare.stretches import stretches
from vocable.speak.prepare.voices import Voices, mean_of, voiced
from vocable.speak.prepare.windows import language_of, recognise

_SILENT = 1e-6  # mean square of 10 ms, -60 dB of full scale: where nothing is louder, it is silent
NO_WORDS = "sound without words"

Report = Callable[[float], None]
Words = Callable[[Audio], Sequence[Word]]


@dataclass(frozen=True)
class Snippet:
    """A part of a recording that may become one of the set.

    voice     which of the recording's voices speaks; -1: somebody else, or two
    fault     why it is left out; "" if it is not
    """

    begin: float  # seconds in the recording
    end: float
    words: tuple[Word, ...]  # their times too are those of the recording
    voice: int
    checks: dict[str, float]
    fault: str = ""
    vector: tuple[float, ...] = ()  # its embedding

    @property
    def text(self) -> str:
        return text_of(self.words)

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclass(frozen=True)
class Analysis:
    """What a recording holds: snippets in order of time, and its voices (`Voices`)."""

    seconds: float
    rate: int  # Hz
    channels: int
    language: str
    snippets: tuple[Snippet, ...]
    lost: dict[str, float] = field(default_factory=dict)  # reason: seconds, beside the snippets
    centres: tuple[tuple[float, ...], ...] = ()
    spent: tuple[float, ...] = ()  # seconds that each voice speaks

    def save(self, path: Path) -> None:
        """Write it whole, or not at all."""
        with replacing(path, overwrite=True) as fresh:
            fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")


def read_analysis(path: Path) -> Analysis | None:
    """Return what was saved; None where there is nothing, or something of another version."""
    try:
        return fit(Analysis, json.loads(path.read_text("utf-8")), path.name, RecipeError)
    except (OSError, ValueError):
        return None


def analyse(path: Path, settings: Settings, report: Report) -> Analysis:
    """Return what a recording holds. report: the share that is done.

    RecipeError in one line, where nothing of it can be used: it is silent, holds music or noise, is
    in another language, has a narrow band; AudioError where it cannot be read, or has a low rate.
    """
    recogniser = load_word_recogniser(settings.recogniser)
    seen = scan(path, load_activity(settings.activity), settings.lowest_rate)
    report(0.1)
    speech = stretches(seen, settings.pause)
    if not speech:
        raise RecipeError(f"{path} {_without_speech(seen)}")
    language = language_of(path, speech, recogniser, settings.language)
    words = recognise(path, speech, recogniser, language, lambda share: report(0.1 + 0.7 * share))
    found, voices = _voiced(path, breaths(speech, words, seen.seconds), settings)
    report(0.9)
    snippets = _snippets(
        path, cuts(found, settings), seen, settings,
        lambda audio: recogniser.words(audio.samples[0], audio.rate, language),
    )  # fmt: skip
    made = Analysis(
        round(seen.seconds, 3),
        seen.rate,
        seen.channels,
        language,
        tuple(snippets),
        _wordless(found),
        tuple(tuple(round(x, 5) for x in centre) for centre in voices.centres.tolist()),
        tuple(round(x, 2) for x in voices.seconds.tolist()),
    )
    _check(path, made, settings)
    return made


def _without_speech(seen: Scan) -> str:
    if (seen.powers < _SILENT).all():
        return "is silent; is it the right track, and was the microphone on?"
    what = "and does not sound like it" if seen.is_speech is False else "that could be found"
    return f"holds no speech {what}: music or noise; give recordings in which somebody speaks"


def _voiced(path: Path, found: list[Breath], settings: Settings) -> tuple[list[Breath], Voices]:
    if not settings.speakers or not any(breath.words for breath in found):
        return found, Voices(np.zeros((0, 0)), np.zeros(0))
    return voiced(path, found, load_embedding(settings.speakers), settings.likeness)


def _snippets(
    path: Path, made: Sequence[Cut], seen: Scan, settings: Settings, again: Words
) -> list[Snippet]:
    """Return the snippets with their checks. again: recognises the words of one by itself."""
    snippets = []
    for cut, audio in zip(made, read_spans(path, made), strict=True):
        checks = checks_of(cut, audio, seen)
        found = list(faults(cut, checks, settings))
        if found == [UNFIT]:  # Whisper may go in circles, and with less to hear it does not
            cut = _with_words(cut, again(audio))
            found = list(faults(cut, checks, settings))
        voice, vector = cut.breaths[0].voice, _vector(cut)
        fault = found[0] if found else ""
        snippets.append(Snippet(cut.begin, cut.end, cut.words, voice, checks, fault, vector))
    return snippets


def _with_words(cut: Cut, words: Sequence[Word]) -> Cut:
    """Return a cut with other words, whose times are in it."""
    first, *others = cut.breaths
    moved = tuple(word.moved(cut.begin) for word in words)
    own = (replace(first, words=moved), *(replace(each, words=()) for each in others))
    return replace(cut, breaths=own)


def _vector(cut: Cut) -> tuple[float, ...]:
    vectors = np.array([breath.vector for breath in cut.breaths])
    mean = mean_of(vectors, np.array([breath.seconds for breath in cut.breaths]))
    return tuple(round(x, 5) for x in mean.tolist())


def _wordless(found: Sequence[Breath]) -> dict[str, float]:
    seconds = sum(breath.seconds for breath in found if not breath.words)
    return {NO_WORDS: round(seconds, 2)} if seconds else {}


def _counted(snippets: Sequence[Snippet]) -> str:
    """Return the seconds that each fault costs."""
    faults = dict.fromkeys(each.fault for each in snippets)
    seconds = {fault: sum(s.seconds for s in snippets if s.fault == fault) for fault in faults}
    return ", ".join(f"{each:.0f} s {fault}" for fault, each in seconds.items())


def _check(path: Path, made: Analysis, settings: Settings) -> None:
    """Refuse a recording as a whole, where that says more than each of its snippets would."""
    if not made.snippets:
        raise RecipeError(f"{path} holds no words that {settings.recogniser} recognises")
    seconds = sum(each.seconds for each in made.snippets)
    unfit = sum(each.seconds for each in made.snippets if each.fault == UNFIT)
    if unfit > seconds / 2:
        raise RecipeError(
            f"{path}: {unfit / seconds:.0%} of its speech gets a text that cannot be right; is it "
            f'in another language than "{made.language}"? --language says which, and '
            "--recogniser whisper-base knows many"
        )
    band = float(np.median([each.checks["band"] for each in made.snippets]))
    if band < settings.lowest_band:
        raise RecipeError(
            f"{path}: its sound ends at {band:.0f} Hz, as in a telephone, whatever its rate; a "
            f"voice needs {settings.lowest_band:.0f} Hz; record it again"
        )
    if all(each.fault for each in made.snippets):
        raise RecipeError(f"{path}: nothing of it can be used: {_counted(made.snippets)}")
