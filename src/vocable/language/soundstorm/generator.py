"""A SoundStorm as it is used: it makes all frames of a piece together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import torch
from jaxtyping import Int32

from vocable.errors import ModelError
from vocable.language.home import HomeGenerator
from vocable.language.joining import seeded
from vocable.language.sound import Sound
from vocable.language.soundstorm.model import SoundStorm
from vocable.language.soundstorm.piece import Arranged, Piece, arrange
from vocable.language.soundstorm.sampler import Filling
from vocable.language.soundstorm.settings import MaskedSampling
from vocable.nn.settings import plain_settings
from vocable.tokens import AudioTokens

SAMPLING = MaskedSampling()  # 16 passes over the first level, as in the paper


class SoundStormGenerator(HomeGenerator):
    """Generate tokens of a codec.

    model = vocable.load("FOLDER")
    tokens = model.generate(Piece(semantic=units, begin=voice))
    sound = model.codec.decode(tokens)
    """

    network: SoundStorm

    def generate(self, piece: Piece, *, sampling: MaskedSampling = SAMPLING) -> AudioTokens:
        """Return all tokens of a piece, those that it begins with among them.

        ModelError or TokenError where something is missing, or does not fit.
        """
        return self.generate_batch([piece], sampling=sampling)[0]

    def generate_batch(
        self, pieces: Sequence[Piece], *, sampling: MaskedSampling = SAMPLING
    ) -> list[AudioTokens]:
        """Return the tokens of pieces that are made together; each is what it is alone."""
        if not pieces:
            return []
        config = self.network.config
        arranged = [arrange(config, piece) for piece in pieces]
        chances = [seeded(piece.seed) for piece in pieces]
        passes = [
            (*(1,) * each.given, *sampling.passes_of(config.levels - each.given))
            for each in arranged
        ]
        lengths = [len(each.ids) for each in arranged]
        ids, unknown = (_batch(arranged, name).to(self.device) for name in ("ids", "unknown"))
        with plain_settings():
            made = Filling(self.network, ids, unknown, lengths, passes, sampling, chances).run()
        codes = made[..., : config.levels].cpu().numpy()
        spec = self.spec if self.codec is None else self.codec.spec
        return [
            AudioTokens(spec, [level[None] for level in each[:length].T])
            for each, length in zip(codes, lengths, strict=True)
        ]

    def play(self, piece: Piece, *, sampling: MaskedSampling = SAMPLING) -> Sound:
        """Return the sound of a piece as blocks `[1, samples]` at `codec.spec.writes` Hz.

        What it begins with is not among it. ModelError without a codec.
        """
        codec = self.with_codec()
        tokens = self.generate(piece, sampling=sampling)
        begin = 0 if piece.begin is None else piece.begin.frames
        made = _Made(tokens[begin:].codes[0].T)
        return Sound(made, codec, together=tokens.frames)

    def start_engine(self, streams: int, *, context: int | None = None, **options: Any) -> NoReturn:
        """Frames do not come one by one, so that there is nothing to run in steps."""
        raise ModelError(f"{self.name} makes all frames together; generate_batch takes several")


@dataclass(frozen=True, eq=False)
class _Made:
    """Frames that are all there."""

    frames: Int32[np.ndarray, "frames levels"]
    reason = "length"

    def __iter__(self) -> Iterator[Int32[np.ndarray, " levels"]]:
        return iter(self.frames)

    def leave(self) -> None:
        """Nothing runs."""


def _batch(arranged: Sequence[Arranged], name: str) -> torch.Tensor:
    """Return an array of each, with zeros behind the shorter ones."""
    arrays = [torch.from_numpy(getattr(each, name)) for each in arranged]
    return torch.nn.utils.rnn.pad_sequence(arrays, batch_first=True)
