"""Read a set of tokens, of each recording what is asked for."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from ...errors import FormatError, TokenError, VocableError
from ...nearest import nearest
from ..spec import TokenSpec
from ..values import AudioTokens
from .about import About
from .files import CONTENTS, ITEMS, codes_file, tracks_of


@dataclass(frozen=True)
class Item:
    """One recording: what is known of it, and its tokens by track."""

    about: About
    tracks: Mapping[str, AudioTokens]


class TokenSet:
    """A folder that `TokenSetWriter` wrote. `abouts` and `frames[track]` have an entry a recording.

    found = TokenSet("tokens")
    found[3].tracks["acoustic"]; found.cut(3, "acoustic", 100, 200)

    FormatError for another folder, or a damaged one.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        if not (self.folder / CONTENTS).is_file():
            raise FormatError(
                f"{self.folder} is not a set of tokens; make one: vocable data tokens"
            )
        try:
            contents = json.loads((self.folder / CONTENTS).read_text(encoding="utf-8"))
            self._rows = tracks_of(contents)
            self.abouts, frames, self._digests = _read_items(self.folder / ITEMS, self._rows)
            if len(self.abouts) != contents["items"]:
                raise FormatError(f"it lists {len(self.abouts)} of {contents['items']} recordings")
        except (VocableError, ValueError, KeyError, TypeError, OSError, AttributeError) as error:
            raise FormatError(
                f"{self.folder} is damaged ({error}); make it again: vocable data tokens"
            ) from error
        self.frames: dict[str, Int64[np.ndarray, " items"]] = {
            name: np.array([each[name] for each in frames], np.int64) for name in self._rows
        }
        self._begins, self._codes = {}, {}
        for name, rows in self._rows.items():
            counts = -(-self.frames[name] // rows.spec.step)
            self._begins[name] = np.concatenate([[0], np.cumsum(counts)])
            self._codes[name] = _mapped(
                self.folder / codes_file(name), rows.dtype, int(self._begins[name][-1]), rows.width
            )

    def __len__(self) -> int:
        return len(self.abouts)

    def __getitem__(self, index: int) -> Item:
        tracks = {name: self.cut(index, name) for name in self._rows}
        return Item(self.abouts[index], tracks)

    def __iter__(self) -> Iterator[Item]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}: {spec.name}" for name, spec in self.specs.items())
        return f"<TokenSet {self.folder}: {len(self)} recordings, {inside}>"

    @property
    def specs(self) -> dict[str, TokenSpec]:
        """What the tokens of each track are."""
        return {name: rows.spec for name, rows in self._rows.items()}

    @property
    def digest(self) -> str:
        """A number for all tokens and their order, equal for equal sets."""
        return hashlib.sha256("".join(self._digests).encode()).hexdigest()[:16]

    def levels(self, track: str) -> int:
        """How many levels a track has, of those of its spec."""
        return self._rows[self._known(track)].levels

    def streams(self, track: str) -> int:
        """How many streams a track has."""
        return self._rows[self._known(track)].streams

    def cut(self, index: int, track: str, first: int = 0, last: int | None = None) -> AudioTokens:
        """Return the frames of a recording from `first` up to `last`; only these are read.

        TokenError where a cut falls between moments at which all levels begin.
        """
        rows = self._rows[self._known(track)]
        frames = int(self.frames[track][index])
        last = frames if last is None else min(last, frames)
        step = rows.spec.step
        if first % step or (last % step and last != frames) or not 0 <= first <= last:
            raise TokenError(
                f"frames {first} to {last} of {self.abouts[index].name} are cut at multiples of "
                f"{step}, up to its {frames}"
            )
        begin = int(self._begins[track][index]) + first // step
        found = self._codes[track][begin : begin + rows.count(last - first)]
        return rows.unpack(np.asarray(found), last - first)

    def of_split(self, *splits: str) -> list[int]:
        """Return which recordings belong to these splits."""
        return [k for k, about in enumerate(self.abouts) if about.split in splits]

    def check_apart(self, some: Sequence[int], others: Sequence[int]) -> None:
        """Raise TokenError for a recording that is in both: by its name, or token for token."""
        names = {self.abouts[k].name: k for k in some}
        codes = {self._digests[k]: k for k in some}
        for k in others:
            twin = names.get(self.abouts[k].name, codes.get(self._digests[k]))
            if twin is not None:
                here, there = self.abouts[k], self.abouts[twin]
                raise TokenError(
                    f"{here.name} ({here.split}) is {there.name} ({there.split}) again; keep each "
                    "recording in one split"
                )

    def _known(self, track: str) -> str:
        if track not in self._rows:
            raise TokenError(
                f'{self.folder} has no track "{track}"; {nearest(track, list(self._rows))}'
            )
        return track


def _read_items(
    path: Path, tracks: Mapping[str, object]
) -> tuple[list[About], list[dict[str, int]], list[str]]:
    abouts, frames, digests = [], [], []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line:
            row = json.loads(line)
            frames.append({name: int(row["frames"][name]) for name in tracks})
            digests.append(str(row["sha256"]))
            facts = {key: value for key, value in row.items() if key not in ("frames", "sha256")}
            abouts.append(About(**facts))
    return abouts, frames, digests


def _mapped(path: Path, dtype: np.dtype, rows: int, width: int) -> np.ndarray:
    wanted = rows * width * dtype.itemsize
    size = path.stat().st_size if path.is_file() else -1
    if size != wanted:
        raise FormatError(
            f"{path} has {max(size, 0)} bytes, wanted {wanted}; make the set again: vocable data "
            "tokens"
        )
    if not wanted:
        return np.zeros((0, width), dtype)
    return np.memmap(path, dtype, "r", shape=(rows, width))
