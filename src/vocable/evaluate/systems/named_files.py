"""Judge what is in a folder already: token files, or what something else decoded.

A file belongs to the recording of the same name without its ending: `talk.vcb` to `talk.wav`, and
`talk@2.5.vcb` to the part of it that starts at 2.5 s (`Clip.name`). It may lie in folders below.
Two such files, or two recordings of one name, are refused: nobody could tell which is whose.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from vocable.audio import Audio
from vocable.audio.formats import READABLE
from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems.external import file_hash
from vocable.evaluate.systems.system import LONGEST, Made, Make
from vocable.folders import search
from vocable.nearest import listed
from vocable.tokens import AudioTokens, TokenSpec, read_tokens


@runtime_checkable
class Decoder(Protocol):
    """What decodes tokens: a `vocable.codecs.Codec`, or anything like it."""

    def decode(self, tokens: AudioTokens, /) -> Audio:
        """Return what the tokens sound like."""
        ...


@dataclass(frozen=True)
class Folder:
    """A folder with a file for each recording; MeasureError where it is none.

    It is searched once, with all folders below it.
    """

    path: str
    endings: tuple[str, ...]

    def __post_init__(self) -> None:
        if not os.path.isdir(self.path):
            raise MeasureError(f"{self.path} is not a folder")

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in search(self.path, self.endings).files:
            found.setdefault(Path(path).stem, []).append(path)
        return found

    def find(self, name: str) -> str:
        """Return the file of a recording; MeasureError where there is none, or more than one."""
        found = self._by_name.get(name, [])
        if len(found) == 1:
            return found[0]
        if not found:
            wanted = self.endings[0] if len(self.endings) == 1 else ".*"
            raise MeasureError(f"{self.path} holds no {name}{wanted}")
        shown = listed((os.path.relpath(path, self.path) for path in found), most=3)
        raise MeasureError(
            f"{self.path} holds {name} {len(found)} times ({shown}); keep one of them"
        )

    def hash_of(self, name: str) -> str:
        """Return a hash of that file; empty where there is none: whoever reads it says why."""
        try:
            return file_hash(self.find(name))
        except (MeasureError, OSError):
            return ""


@dataclass(frozen=True)
class TokenFiles:
    """Token files `NAME.vcb`, decoded by the codecs that they name.

    opener   `opener(spec)` returns what decodes tokens of a spec; it is asked once for each space
    """

    name: str
    folder: Folder
    opener: Callable[[TokenSpec], Decoder]

    @classmethod
    def at(cls, name: str, folder: str, opener: Callable[[TokenSpec], Decoder]) -> TokenFiles:
        """Return those in a folder."""
        return cls(name, Folder(folder, (".vcb",)), opener)

    @property
    def family(self) -> str:
        """They stand for themselves."""
        return self.name

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return the hash of the file, in which is the id of the weights; empty where none is."""
        return {"tokens": self.folder.hash_of(recording)}

    def open(self) -> Make:
        """Return what reads and decodes the file of a recording."""
        decoders: dict[str, Decoder] = {}

        def make(recording: Recording) -> Made:
            path = self.folder.find(recording.name)
            tokens = read_tokens(path)
            _check_source(path, tokens, recording.audio)
            if tokens.spec.space not in decoders:
                decoders[tokens.spec.space] = self.opener(tokens.spec)
            decoded = decoders[tokens.spec.space].decode(tokens)
            bits = float(tokens.bitrate) * min(float(tokens.seconds), recording.audio.seconds)
            return Made(judged_part(decoded, recording.audio), bits, tokens)

        return make


@dataclass(frozen=True)
class DecodedFiles:
    """Recordings `NAME.*` of any kind that vocable reads, which something else decoded."""

    name: str
    folder: Folder

    @classmethod
    def at(cls, name: str, folder: str) -> DecodedFiles:
        """Return those in a folder."""
        return cls(name, Folder(folder, READABLE))

    @property
    def family(self) -> str:
        """They stand for themselves."""
        return self.name

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return the hash of the file; empty where none is."""
        return {"decoded": self.folder.hash_of(recording)}

    def open(self) -> Make:
        """Return what reads the file of a recording."""
        return self._make

    def _make(self, recording: Recording) -> Made:
        decoded = Audio.read(self.folder.find(recording.name))
        return Made(judged_part(decoded, recording.audio))


def check_names(clips: Iterable[Clip]) -> None:
    """Refuse recordings of one name, where files are found by it: MeasureError lists them."""
    places: dict[str, set[object]] = {}
    for clip in clips:
        places.setdefault(clip.name, set()).add((clip.path, clip.start, clip.end))
    twice = [name for name, found in places.items() if len(found) > 1]
    if twice:
        raise MeasureError(
            f"several recordings are named {listed(twice, most=3)}, and files are found by name; "
            "rename them, or judge their sets one by one"
        )


def _check_source(path: str, tokens: AudioTokens, audio: Audio) -> None:
    """Refuse tokens of another recording, as far as their source says; its channels are mixed."""
    source = tokens.source
    if source is None:
        return
    fits = source.samples == len(audio) or (is_start(audio) and source.samples > len(audio))
    if source.rate != audio.rate or not fits:
        raise MeasureError(
            f"{path} is of {float(source.seconds):.2f} s at {source.rate} Hz, and the recording "
            f"has {audio.seconds:.2f} s at {audio.rate} Hz; encode that one"
        )


def judged_part(decoded: Audio, audio: Audio) -> Audio:
    """Return the start of what was decoded, where of a long recording only that is judged."""
    if not is_start(audio):
        return decoded
    most = round(LONGEST * decoded.rate)
    return Audio(decoded.samples[:, :most], decoded.rate, allow_loud=True)


def is_start(audio: Audio) -> bool:
    """Return whether it may be the start of a longer recording."""
    return len(audio) == round(LONGEST * audio.rate)
