"""What codes the tokens of chunks by the probabilities of a model, and how a file names it.

Readers have no models; those who have register them here. A file names its model by a digest of its
weights, and the arithmetic that the model was computed with by a fingerprint: what is computed
otherwise, if only in the last bit, decodes to other tokens.

digest          8 bytes
arithmetic      8 bytes
name            the model's, `name@version`, in ASCII, to the end
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int32

from ...errors import FormatError, ModelError, TokenError
from ...nearest import listed
from ..values import AudioTokens
from .track import Track

DIGEST_BYTES = 8
_NAME = re.compile(r"[\w.@+-]{1,128}", re.ASCII)


@dataclass(frozen=True)
class ModelName:
    """Which model coded a track, and with which arithmetic."""

    name: str
    digest: bytes
    arithmetic: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.digest + self.arithmetic) != 2 * DIGEST_BYTES:
            raise FormatError(
                "a file names a model by two times 8 bytes and a name of at most 128 of a-z, A-Z, "
                f"0-9, _ . @ + -, got {self.name!r}"
            )

    def to_bytes(self) -> bytes:
        """Return the payload of the record."""
        return self.digest + self.arithmetic + self.name.encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> ModelName:
        """Read the payload; FormatError for anything else."""
        digest, arithmetic = data[:DIGEST_BYTES], data[DIGEST_BYTES : 2 * DIGEST_BYTES]
        return cls(data[2 * DIGEST_BYTES :].decode("ascii", "replace"), digest, arithmetic)

    def __str__(self) -> str:
        return f"{self.name} ({self.digest.hex()})"


@dataclass(frozen=True)
class ModelCoded:
    """A chunk's codes as a model coded them. start: its frame. counts: tokens of each level."""

    data: bytes
    start: int
    counts: Sequence[int]
    streams: int


@runtime_checkable
class CodingModel(Protocol):
    """Codes chunks, each by itself: what is said of its first code depends on no other chunk.

    frames: of a chunk at most. streams: how many streams are coded together, of several chunks.
    """

    @property
    def name(self) -> ModelName: ...

    @property
    def frames(self) -> int: ...

    @property
    def streams(self) -> int: ...

    def check(self, track: Track) -> None:
        """Raise TokenError for a track whose tokens it does not code."""
        ...

    def encode(self, chunks: Sequence[AudioTokens], starts: Sequence[int]) -> list[bytes]:
        """Return the codes of chunks, no more than `streams` of them together."""
        ...

    def decode(
        self, chunks: Sequence[ModelCoded]
    ) -> list[list[Int32[np.ndarray, "streams tokens"]]]:
        """Return the codes of each level of each chunk; FormatError where they cannot be."""
        ...


def tracks_of(model: CodingModel, tracks: Mapping[str, Track]) -> set[str]:
    """Return which tracks a model codes; TokenError if none."""
    why: list[TokenError] = []
    found = set()
    for name, track in tracks.items():
        try:
            model.check(track)
            found.add(name)
        except TokenError as error:
            why.append(error)
    if not found:
        raise why[0]
    return found


_known: dict[bytes, CodingModel] = {}
_finders: list[Callable[[str], CodingModel | None]] = []


def add_model(model: CodingModel) -> None:
    """Let files that this model coded be read from now on, in this process."""
    _known[model.name.digest] = model


def find_models_by(finder: Callable[[str], CodingModel | None]) -> None:
    """Ask this for models that a file names and that were not added."""
    _finders.append(finder)


def model_for(wanted: ModelName) -> CodingModel:
    """Return the model; ModelError if it is not at hand, or computes otherwise here."""
    if wanted.digest not in _known:
        for finder in _finders:
            if (found := finder(wanted.name)) is not None:
                add_model(found)
    found = _known.get(wanted.digest)
    if found is None:
        here = listed([str(model.name) for model in _known.values()])
        raise ModelError(
            f"its tokens were coded by the model {wanted}, without which they cannot be read"
            f"{f' (at hand: {here})' if here else ''}; give its folder, with --lm or to "
            "vocable.load.load_coder"
        )
    if found.name.arithmetic != wanted.arithmetic:
        raise ModelError(
            f"its tokens were coded by {wanted} on a machine whose arithmetic differs from this "
            f"one's ({wanted.arithmetic.hex()}, here {found.name.arithmetic.hex()}); decode them "
            "there, or on a processor of that kind with the same torch"
        )
    return found
