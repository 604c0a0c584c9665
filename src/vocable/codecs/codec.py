"""Turn recordings into tokens and tokens into recordings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vocable.audio import Audio, resample
from vocable.binary_streams import BinaryFile
from vocable.codecs import batch, files
from vocable.codecs.chunks import Chunks
from vocable.codecs.codec_model import CodecModel
from vocable.codecs.codes import CodesLike
from vocable.codecs.convert import Samples, check_fits, join_streams, written_length, written_rate
from vocable.codecs.latency import Latency, latency_of
from vocable.codecs.session import Session
from vocable.codecs.state import Decoding
from vocable.codecs.tokenizer import Tokenizer
from vocable.errors import ModelError, TokenError
from vocable.tokens import AudioTokens, TokenSpec


class Codec(Tokenizer):
    """A tokenizer that also decodes.

    dtype: what its decoder computes in: fp32 (the default), bf16, fp16. Codes do not depend on it.
    """

    model: CodecModel
    _kind = CodecModel

    def __init__(self, model: CodecModel, *, dtype: torch.dtype | None = None) -> None:
        super().__init__(model)
        self._session = Session(model, _precision(dtype))

    @property
    def dtype(self) -> torch.dtype:
        """What the decoder computes in."""
        return self._session.precision or torch.float32

    @property
    def latency(self) -> Latency | None:
        """How long a stream waits, at its start and after; None if it takes whole recordings."""
        return latency_of(self.model)

    def _use(self) -> list[tuple[str, str]]:
        steps = "in steps" if self.model.decodes_in_steps else "whole recordings only"
        return [
            *super()._use(),
            ("decodes", f"{steps}, in {str(self.dtype).removeprefix('torch.')}"),
            *([("latency", str(self.latency))] if self.latency else []),
        ]

    # ---- recordings -----------------------------------------------------------------------------

    def decode(
        self,
        tokens: AudioTokens,
        *,
        rate: int | None = None,
        trust_space: bool = False,
        chunks: Chunks | None = None,
    ) -> Audio:
        """Decode tokens to exactly the samples, channels and rate of their source.

        Tokens without a source (slices, generated ones) give whole frames at the codec's rate.
        rate: another rate in Hz. trust_space: decode tokens of other weights, with a warning.
        chunks: decode pieces by themselves, as the program of a published codec does whose sound is
        wanted; the default is the sound of the whole.
        Raises TokenError for tokens of another codec or other weights, naming both.
        """
        return self.decode_batch([tokens], rate=rate, trust_space=trust_space, chunks=chunks)[0]

    def decode_batch(
        self,
        tokens: Sequence[AudioTokens],
        *,
        rate: int | None = None,
        trust_space: bool = False,
        chunks: Chunks | None = None,
    ) -> list[Audio]:
        """Decode several tokens, equal lengths together; the same audio as one by one."""
        own = self.spec
        _check_several(tokens)
        for item in tokens:
            _check_tokens(item)
            check_fits(own, item.spec, trust_space=trust_space)
        rates = [written_rate(own, item.source, rate) for item in tokens]
        if chunks is None:
            found = batch.decode_all(self._session, tokens)
        else:
            found = [batch.decode_chunks(self._session, item, chunks) for item in tokens]
        return [_audio(own, *each) for each in zip(found, tokens, rates, strict=True)]

    def decode_to(
        self,
        source: str | os.PathLike[str] | bytes | BinaryFile,
        target: str | os.PathLike[str],
        *,
        track: str | None = None,
        rate: int | None = None,
        trust_space: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Decode a `.vcb` file of any length to an audio file in bounded memory.

        source may also be a path of arrays (.npy, .npz, .safetensors), which are read whole.
        track: which one, where a file holds several of this codec; TokenError without it.
        """
        files.decode_file(
            self._session, self.spec, source, target, track=track, rate=rate,
            trust_space=trust_space, overwrite=overwrite, progress=progress,
        )  # fmt: skip

    # ---- tensors at the codec's rate ------------------------------------------------------------

    def from_codes(self, codes: CodesLike) -> Float[Tensor, "batch channels time"]:
        """Decode whole codes of any prefix of the levels to frames × frame samples."""
        return self._session.from_codes(codes)

    def start_decoding(
        self, batch: int = 1, *, sides: Mapping[str, Tensor] | None = None
    ) -> Decoding:
        """Start decoding `batch` streams; sides: those of whole items, where a codec has some."""
        return self._session.start_decoding(batch, sides)

    def decode_step(
        self, codes: CodesLike, state: Decoding
    ) -> tuple[Float[Tensor, "batch channels time"], Decoding]:
        """Decode the next frames: all samples that are certain now, perhaps none."""
        return self._session.decode_step(codes, state)

    def finish_decoding(self, state: Decoding) -> Float[Tensor, "batch channels time"]:
        """Return the samples that the decoder still withheld."""
        return self._session.finish_decoding(state)

    # ---- pitch, where the first level holds it --------------------------------------------------

    def pitch(self, tokens: AudioTokens) -> Float[Tensor, "streams points"]:
        """Return the pitch that tokens carry in Hz, 0 = unvoiced; ModelError for other codecs."""
        found: Tensor = self._with_pitch().pitch(tokens)
        return found

    def shift_pitch(self, tokens: AudioTokens, semitones: float) -> AudioTokens:
        """Return tokens whose voice is higher by `semitones`, or lower; all else stays."""
        moved: AudioTokens = self._with_pitch().shift_pitch(tokens, semitones)
        return moved

    def _with_pitch(self) -> Any:
        if not hasattr(self.model, "shift_pitch"):
            raise ModelError(f"{self.name} keeps pitch in no level of its own; take speech-16k")
        return self.model


def _audio(own: TokenSpec, samples: Samples, tokens: AudioTokens, rate: int) -> Audio:
    length = written_length(own, tokens.source, len(tokens), rate)
    joined = join_streams(tokens.source, samples)
    samples = np.asarray(resample(joined, own.writes, rate))[:, :length]
    return Audio(samples, rate, allow_loud=True)  # a decoder may be of any quality


def _check_several(tokens: Any) -> None:
    if isinstance(tokens, AudioTokens):
        raise TokenError("decode_batch takes a list, got one AudioTokens; decode takes one")


def _check_tokens(tokens: Any) -> None:
    if not isinstance(tokens, AudioTokens):
        raise TokenError(
            f"decode takes AudioTokens, got {type(tokens).__name__}; of a file, read them by "
            "vocable.read_tokens(path), or decode it to another by decode_to"
        )
    if not len(tokens):
        raise TokenError("tokens have 0 frames; at least 1 is needed")


def _precision(dtype: torch.dtype | None) -> torch.dtype | None:
    """Return what the decoder is lowered to: nothing where it stays in fp32."""
    if dtype in (None, torch.float32):
        return None
    if dtype not in (torch.bfloat16, torch.float16):
        raise ModelError(
            f"dtype is {dtype}; a decoder computes in torch.float32, torch.bfloat16 or "
            "torch.float16"
        )
    return dtype
