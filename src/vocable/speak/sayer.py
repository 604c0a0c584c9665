"""Say texts with a model of phones and its codec: tokens and sound, whole or block by block."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from vocable import weights
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.errors import ModelError
from vocable.fitting import fit
from vocable.language.say import Manner, Say, SayConfig, plan, say
from vocable.load import load_codec
from vocable.text.spoken import spoken
from vocable.train.say.books import codec_books

_PLAIN = Manner()
_MOST = 8  # frames that are decoded at once


@dataclass(frozen=True, eq=False)
class Sayer:
    """A model that says phones, and the codec whose tokens it says.

    A voice is what the model makes of a few recordings of it, `[voice]` numbers.
    """

    model: Say
    codec: Codec

    @torch.inference_mode()
    def voice(self, recordings: Sequence[np.ndarray]) -> Float[Tensor, " voice"]:
        """Return the mean voice of recordings in codes of the codec, `[frames, levels]` each."""
        found = []
        for each in recordings:
            codes = torch.from_numpy(each.astype(np.int64))[None]
            found.append(self.model.voices(codes, torch.tensor([len(each)]))[0])
        return torch.stack(found).mean(0)

    def speak(
        self, text: str, voice: Float[Tensor, " voice"], *, seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> Iterator[Float32[np.ndarray, "1 samples"]]:  # fmt: skip
        """Give the samples of a text at the rate of the codec: of one frame, then of more at once.

        The first is heard as soon as can be; more at once take less time, and there is some then.
        """
        state = self.codec.start_decoding(1)
        for codes in _growing(self.frames(text, voice, seed=seed, manner=manner), _MOST):
            block, state = self.codec.decode_step(codes, state)
            if block.shape[2]:
                yield block[0].numpy()
        rest = self.codec.finish_decoding(state)
        if rest.shape[2]:
            yield rest[0].numpy()

    def say(
        self, text: str, voice: Float[Tensor, " voice"], *, seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> Audio:  # fmt: skip
        """Return a text as a recording: the blocks of `speak`, joined."""
        blocks = list(self.speak(text, voice, seed=seed, manner=manner))
        return Audio(np.concatenate(blocks, axis=1), self.codec.spec.writes)

    def frames(
        self, text: str, voice: Float[Tensor, " voice"], *, seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> Iterator[Tensor]:  # fmt: skip
        """Give the codes of each frame, `[1, levels]`."""
        planned = plan(self.model, [spoken(text).rows], voice[None], manner)
        return say(self.model, planned, [seed], manner)


def _growing(frames: Iterable[Tensor], most: int) -> Iterator[Tensor]:
    """Join frames to 1, 2, 4 … `most` at once, `[1, levels, frames]`."""
    waiting, wanted = [], 1
    for frame in frames:
        waiting.append(frame)
        if len(waiting) == wanted:
            yield torch.stack(waiting, 2)
            waiting, wanted = [], min(2 * wanted, most)
    if waiting:
        yield torch.stack(waiting, 2)


def read_sayer(folder: str | Path) -> Sayer:
    """Read what a run of `vocable train say` has left. ModelError for something else."""
    folder = Path(folder)
    try:
        described = json.loads((folder / "config.json").read_text("utf-8"))
        config = fit(SayConfig, described["config"], "config.json", ModelError, "config.")
        space = str(described["space"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} is not a model that says phones ({error})") from error
    codec = load_codec(space.partition(":")[0])
    books = codec_books(codec)
    if books.space != space:
        raise ModelError(f"{folder} says tokens of {space}, the codec here has {books.space}")
    model = Say(config)
    weights.load_tensors(model, weights.read(folder / "model.safetensors"))
    model.books.set(books.entries)
    return Sayer(model.eval(), codec)
