"""Judge a program that makes a recording of a recording: `CMD {in} {out}`.

{in} stands for a WAV file of 24 bits (which programs read that do not read floats; beyond ±1 it
clips), with the recording's rate and channels; {out} for the file to write, of any kind, rate and
length that vocable reads; {coded} for a file between, whose size is the bits. An encoder and a
decoder are joined by `&&`: `enc {in} {coded} && dec {coded} {out}`. No shell looks at the command:
what belongs together is quoted, and no other sign means anything.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import soundfile

from vocable.audio import Audio
from vocable.errors import AudioError, MeasureError
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems import commands
from vocable.evaluate.systems.system import Made, Make

IN, OUT, CODED = "{in}", "{out}", "{coded}"
_FILES = {IN: "in.wav", OUT: "out.wav", CODED: "coded"}
_WANTED = "wanted 'NAME=CMD {in} {out}'"


@dataclass(frozen=True)
class External:
    """A command with {in}, {out} and perhaps {coded}; MeasureError for one without."""

    name: str
    command: str

    def __post_init__(self) -> None:
        words = [word for program in self.programs() for word in program]
        for place in (IN, OUT):
            if not any(place in word for word in words):
                raise MeasureError(f"{self.name}: the command has no {place}; {_WANTED}")

    @classmethod
    def of(cls, text: str) -> External:
        """Return the one that `NAME=CMD …` means; without a name that of the program."""
        name, _, command = text.partition("=")
        if re.fullmatch(r"[^\s{}]+", name) and command:
            return cls(name, command)
        words = split(text)
        if not words:
            raise MeasureError(f"the command is empty; {_WANTED}")
        return cls(Path(words[0]).stem, text)

    @property
    def family(self) -> str:
        """It stands for itself."""
        return self.name

    def programs(self) -> list[list[str]]:
        """Return the words of each program, in the order in which they run."""
        found: list[list[str]] = [[]]
        for word in split(self.command):
            if word == "&&":
                found.append([])
            else:
                found[-1].append(word)
        if not all(found):
            raise MeasureError(f"{self.name}: the command lacks a program; {_WANTED}")
        return found

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return the command, and hashes of the files that it names: programs, scripts, weights."""
        words = {word for program in self.programs() for word in program}
        named = sorted(word for word in words if os.path.isfile(word))
        return {"command": self.command, "files": {word: file_hash(word) for word in named}}

    def open(self) -> Make:
        """Return what runs the command."""
        return self._make

    def _make(self, recording: Recording) -> Made:
        with tempfile.TemporaryDirectory() as folder:
            paths = {place: os.path.join(folder, name) for place, name in _FILES.items()}
            audio = recording.audio
            soundfile.write(paths[IN], audio.samples.T, audio.rate, "PCM_24")
            for program in self.programs():
                commands.run([_filled(word, paths) for word in program])
            bits = self._bits(paths[CODED])
            return Made(_read(paths[OUT]), bits)

    def _bits(self, path: str) -> float | None:
        if CODED not in self.command:
            return None
        if not os.path.isfile(path):
            raise MeasureError(f"the command ended well but wrote no {CODED}")
        return 8.0 * os.path.getsize(path)


def split(command: str) -> list[str]:
    """Return the words of a command; MeasureError for a quote that does not end."""
    try:
        # On Windows "\\" is part of paths; quotes stay there, and are taken off here.
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise MeasureError(f"{command}: {str(error).lower()}; close the quote") from error
    return [re.sub(r"^(['\"])(.*)\1$", r"\2", word) if os.name == "nt" else word for word in words]


def file_hash(path: str | os.PathLike[str]) -> str:
    """Return 16 hex digits of a file's SHA-256; each state of the file is read once."""
    stat = os.stat(path)
    return _hash(os.path.abspath(path), stat.st_size, stat.st_mtime_ns)


@cache
def _hash(path: str, size: int, changed: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _filled(word: str, paths: Mapping[str, str]) -> str:
    for place, path in paths.items():
        word = word.replace(place, path)
    return word


def _read(path: str) -> Audio:
    if not os.path.isfile(path):
        raise MeasureError(f"the command ended well but wrote no {OUT}")
    try:
        return Audio.read(path)
    except AudioError as error:
        raise MeasureError(str(error).replace(path, OUT)) from error
