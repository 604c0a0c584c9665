"""Judge one recording in systems, step by step, in a process that may be lost.

What is about to begin is said first, so that whoever listens knows what a process died of.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.recording import Recording, check_sound
from vocable.evaluate.speakers import embedded
from vocable.evaluate.sweep.chosen import version_of
from vocable.evaluate.sweep.clips import read_recording, reason_of
from vocable.evaluate.sweep.keys import key_of_tokens
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.store import TOKENS
from vocable.evaluate.systems.system import Made, Make, System
from vocable.measures import REGISTRY, load_embedding, load_recogniser, score_recordings
from vocable.measures.recognisers import LANGUAGE
from vocable.tokens import AudioTokens

READING, MAKING = "reading", "making"  # steps; the others are called as what they find


@dataclass(frozen=True)
class Piece:
    """What is wanted of a recording in one system.

    system     its place among the systems
    measures   names
    words      recogniser, or empty
    voice      embedding, or empty
    sound      file to which what is made is written, or empty
    """

    system: int
    measures: tuple[str, ...] = ()
    words: str = ""
    voice: str = ""
    sound: str = ""

    def left(self, result: Result) -> Piece:
        """Return what is not known yet."""
        known = result.versions.keys()
        return replace(
            self,
            measures=tuple(name for name in self.measures if name not in known),
            words="" if self.words in {*result.words, *result.unscored} else self.words,
            voice="" if self.voice in {*result.voice, *result.unscored} else self.voice,
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is wanted but what is made anyway."""
        return not (self.measures or self.words or self.voice or self.sound)


@dataclass(frozen=True)
class Task:
    """A recording, and what is wanted of it."""

    clip: Clip
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Step:
    """What begins (`found` is None), or what was found: fields of `Result`."""

    piece: int
    name: str
    found: dict[str, Any] | None = None


def lost(step: str, reason: str) -> dict[str, Any]:
    """Return what is found where a step gives nothing."""
    if step in (READING, MAKING):
        return {"fault": reason}
    return {"unscored": {step: reason}, **_version(step)}


class Bench:
    """Systems, opened once they are needed, and the folder that keeps tokens."""

    def __init__(self, systems: Sequence[System], folder: Path) -> None:
        self._systems, self._folder = systems, folder
        self._opened: dict[int, Make] = {}

    def do(self, task: Task) -> Iterator[Step]:
        """Yield each step twice: as it begins, and with what it found."""
        yield Step(0, READING)
        try:
            recording = read_recording(task.clip)
        except Exception as error:
            why = {"fault": f"cannot be read: {reason_of(error)}"}
            yield from (Step(k, READING, why) for k in range(len(task.pieces)))
            return
        for number, piece in enumerate(task.pieces):
            yield from self._judge(number, piece, recording)

    def _judge(self, number: int, piece: Piece, recording: Recording) -> Iterator[Step]:
        yield Step(number, MAKING)
        try:
            made = _checked(self._open(piece.system)(recording))
            delay = score_recordings([], recording.audio, made.audio, recording.audio.rate).delay
            if piece.sound:
                _save_sound(made.audio, Path(piece.sound))
            bits = None if made.bits is None else float(made.bits)
            facts = {"bits": bits, "tokens": self._keep(made.tokens), "delay": delay}
        except (Exception, SystemExit) as error:  # a system may raise anything
            yield Step(number, MAKING, lost(MAKING, reason_of(error)))
            return
        yield Step(number, MAKING, facts)
        for name, work in _steps(piece, recording, made.audio, delay):
            yield Step(number, name)
            try:
                found = work(name)
            except Exception as error:
                found = lost(name, reason_of(error))
            yield Step(number, name, found)

    def _open(self, system: int) -> Make:
        if system not in self._opened:
            self._opened[system] = self._systems[system].open()
        return self._opened[system]

    def _keep(self, tokens: AudioTokens | None) -> str:
        """Write tokens to the folder, unless they are there; return their hash."""
        if tokens is None:
            return ""
        key = key_of_tokens(tokens)
        path = self._folder / TOKENS / f"{key}.vcb"
        if not path.exists():
            with contextlib.suppress(FileExistsError):  # another process writes the same
                tokens.save(path)
        return key


Work = Callable[[str], dict[str, Any]]


def _steps(
    piece: Piece, recording: Recording, made: Audio, delay: float
) -> Iterator[tuple[str, Work]]:
    """Yield what is to be found of what was made, and how."""
    reference = recording.audio

    def score(name: str) -> dict[str, Any]:
        # At the recording's own rate, so that all systems are compared at one.
        found = score_recordings([name], reference, made, reference.rate, delay)
        return {"scores": found.scores, "unscored": found.unscored, **_version(name)}

    def hear(name: str) -> dict[str, Any]:
        check_sound(reference, "recording")
        if recording.language not in ("", LANGUAGE):
            raise MeasureError(f"{name} knows {LANGUAGE}, and this is {recording.language}")
        return {"words": {name: load_recogniser(name)(_channel(made), made.rate)}}

    def embed(name: str) -> dict[str, Any]:
        for audio, what in ((reference, "recording"), (made, "decoded recording")):
            check_sound(audio, what)
        vector = embedded(load_embedding(name), made)
        return {"voice": {name: [float(f"{x:.6g}") for x in vector]}}

    yield from ((name, score) for name in piece.measures)
    yield from ((name, hear) for name in [piece.words] if name)
    yield from ((name, embed) for name in [piece.voice] if name)


def _checked(made: Any) -> Made:
    if not isinstance(made, Made) or not isinstance(made.audio, Audio):
        got = made.audio if isinstance(made, Made) else made
        raise MeasureError(f"it returned {type(got).__name__}, and an Audio was wanted")
    if not len(made.audio):
        raise MeasureError("it made nothing: 0 samples")
    return made


def _save_sound(audio: Audio, path: Path) -> None:
    """Write what can be listened to; samples beyond ±1 are clipped."""
    kept = np.clip(audio.samples, -1, 1)
    with contextlib.suppress(FileExistsError):
        Audio(kept, audio.rate).save(path)


def _channel(audio: Audio) -> np.ndarray:
    mixed: np.ndarray = audio.mono().samples[0].astype(np.float64)
    return mixed


def _version(name: str) -> dict[str, Any]:
    """Return the version of a measure; recognisers and embeddings have their name."""
    return {"versions": {name: version_of(name)}} if name in REGISTRY else {}
