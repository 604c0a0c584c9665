"""Define what a codec is: an encoder, a quantizer, a decoder, and one spec that names the result.

A codec's own file gives the three parts and computes tensors (`to_codes`, `from_codes`, `forward`).
Everything else comes from here once, for every codec: files, rates, channels, exact lengths, long
recordings and unequal batches from `run.py`, streaming from `session.py`.

    class Speech(Codec):
        def __init__(self, config: SpeechConfig) -> None:
            super().__init__(config, TokenSpec(unborn("speech-16k"), rate=16_000, frame=640, ...))
            self.encoder, self.quantizer, self.decoder = ...

Audio is `[B, C, T]` outside and `[B, T, C]` inside; it is turned once at each end.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.audio import Audio
from vocable.binary_streams import BinaryFile
from vocable.codecs.state import Decoding, Encoding
from vocable.errors import TokenError
from vocable.nn.block import Block
from vocable.quantize import Quantizer, ResidualVQ
from vocable.quantize.precision import full_precision
from vocable.tokens import AudioTokens, TokenSpec
from vocable.tokens.file.streams import Seekable
from vocable.weights import digest, halved

UNBORN = "@0:untrained"


def unborn(name: str) -> str:
    """Name the space of weights that are not trained yet; the digest is filled in when asked."""
    return name + UNBORN


def drop_learning(quantizer: Quantizer) -> Quantizer:
    """Remove what only a quantizer's training needs; what is left is what is stored."""
    for part in list(quantizer.modules()):
        if isinstance(part, ResidualVQ):
            part.drop_learning()
    return quantizer


@dataclass(frozen=True)
class CodecOutput:
    """What a training step gets back: losses unweighted, health one entry per level."""

    audio: Float[Tensor, "batch channels time"]
    codes: Int[Tensor, "batch levels frames"]
    losses: dict[str, Tensor]
    health: Any


class Codec(nn.Module):
    """Turn audio into codes and codes into audio, with the weights of one space.

    A subclass sets `architecture` and, in `__init__`, the three parts:
    encoder   Block `[B, T, channels] -> [B, F, D]`, F = T / frame
    quantizer Quantizer `[B, F, D] -> [B, K, F]` and back to `[B, F, D']`
    decoder   Block `[B, F, D'] -> [B, T, channels]`

    `precision` is what the decoder's products are computed in where that is not fp32. Encoder and
    quantizer stay in fp32 wherever codes are made for use, whatever autocast allows around them:
    in bf16 one frame in six gets other codes, and a search in bf16 changes most frames.
    """

    architecture: ClassVar[str]
    encoder: Block
    quantizer: Quantizer
    decoder: Block

    def __init__(self, config: Any, spec: TokenSpec) -> None:
        super().__init__()
        self.config = config
        self.space = spec.space
        self.precision: torch.dtype | None = None
        self._spec = spec

    @property
    def name(self) -> str:
        """The model's name: what stands before the `@` of its space."""
        return self.space.partition("@")[0]

    @property
    def rate(self) -> int:
        """Hz that the codec reads."""
        return self._spec.rate

    @property
    def frame(self) -> int:
        """Samples per frame, at the codec's rate."""
        return self._spec.frame

    @property
    def channels(self) -> int:
        """Channels that one stream takes together: 1, or 2 for a stereo codec."""
        return self._spec.channels

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are. Unborn weights are named by what they hold at this moment."""
        space = self.space
        if space.endswith(UNBORN):
            space = f"{space}-{self.digest()}"
        return replace(self._spec, space=space)

    def digest(self) -> str:
        """Return 16 hex digits over what gives codes their meaning, as it is stored.

        That is encoder and quantizer in half precision, and the spec.
        """
        lean = drop_learning(copy.deepcopy(self.quantizer)).state_dict()
        tensors = {f"quantizer.{key}": value for key, value in lean.items()}
        tensors |= {f"encoder.{key}": value for key, value in self.encoder.state_dict().items()}
        about = asdict(replace(self._spec, space=unborn("any")))
        return digest(halved(tensors), json.dumps(about, sort_keys=True, default=str))

    def forget(self) -> None:
        """Leave the carried space: call it before training changes the encoder or the quantizer."""
        self.space = unborn(self.name)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def to_codes(
        self, x: Float[Tensor, "batch channels time"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        """Encode whole audio at the codec's rate; the last frame is filled up with silence."""
        with full_precision(x.device.type):
            return self.quantizer.encode(self.encoder(self._rows(x)), levels)

    def from_codes(
        self, codes: Int[Tensor, "batch levels frames"]
    ) -> Float[Tensor, "batch channels time"]:
        """Decode whole codes of any prefix of the levels to frames × frame samples."""
        z = self.quantizer.decode(self._codes(codes))
        with self.lowered():
            rows: Tensor = self.decoder(z)
        return rows.float().transpose(1, 2)

    def forward(self, x: Float[Tensor, "batch channels time"]) -> CodecOutput:
        """Code and decode for training: gradients pass the quantizer by its estimator."""
        found = self.quantizer(self.encoder(self._rows(x)))
        audio = self.decoder(found.z).transpose(1, 2)[..., : x.shape[-1]]
        return CodecOutput(audio, found.codes, found.losses, found.health)

    def lowered(self) -> torch.autocast:
        """Return the context in which the decoder runs: autocast to `precision`, if that is set."""
        kind, wanted = self.device.type, self.precision
        return torch.autocast(kind, wanted or torch.bfloat16, enabled=wanted is not None)

    def prepare(self, audio: Iterable[Float[Tensor, "batch channels time"]]) -> None:
        """Learn from training audio, before the first step, what no gradient teaches."""

    def _rows(self, x: Tensor) -> Tensor:
        """Turn `[B, C, T]` to `[B, T', C]`, T' the next multiple of a frame."""
        fill = -x.shape[-1] % self._spec.frame
        return F.pad(x, (0, fill)).transpose(1, 2).contiguous()

    def _codes(self, codes: Tensor) -> Tensor:
        """Return codes of any integer type as int64, where the weights are."""
        if codes.is_floating_point() or codes.is_complex() or codes.dtype == torch.bool:
            raise TokenError(f"codes are {codes.dtype}; give integers, as encode_step returns them")
        return codes.to(self.device, torch.int64)

    # ---- files, arrays, batches: run.py -------------------------------------------------------

    def encode(
        self,
        source: Any,
        *,
        rate: int | None = None,
        levels: int | None = None,
        mix: bool = False,
    ) -> AudioTokens:
        """Encode a path, open file, Audio, or array with its `rate`; see `run.encode`."""
        return run.encode(self, source, rate=rate, levels=levels, mix=mix)

    def decode(
        self, tokens: AudioTokens, *, rate: int | None = None, trust_space: bool = False
    ) -> Audio:
        """Decode tokens to exactly the samples, channels and rate they remember: `run.decode`."""
        return run.decode(self, tokens, rate=rate, trust_space=trust_space)

    def encode_batch(
        self,
        sources: Sequence[Any],
        *,
        rate: int | None = None,
        levels: int | None = None,
        mix: bool = False,
    ) -> list[AudioTokens]:
        """Encode several sources, equal lengths together; the same codes as one by one."""
        return run.encode_batch(self, sources, rate=rate, levels=levels, mix=mix)

    def decode_batch(
        self, tokens: Sequence[AudioTokens], *, rate: int | None = None, trust_space: bool = False
    ) -> list[Audio]:
        """Decode several tokens, equal lengths together; the same audio as one by one."""
        return run.decode_batch(self, tokens, rate=rate, trust_space=trust_space)

    def encode_to(
        self,
        source: str | os.PathLike[str] | BinaryFile,
        target: str | os.PathLike[str],
        *,
        levels: int | None = None,
        mix: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Encode a file of any length to a `.vcb` file in bounded memory; see `files.encode_to`."""
        files.encode_to(
            self, source, target, levels=levels, mix=mix, overwrite=overwrite, progress=progress
        )

    def decode_to(
        self,
        source: str | os.PathLike[str] | Seekable,
        target: str | os.PathLike[str],
        *,
        rate: int | None = None,
        trust_space: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Decode a `.vcb` file of any length to an audio file in bounded memory."""
        files.decode_to(
            self,
            source,
            target,
            rate=rate,
            trust_space=trust_space,
            overwrite=overwrite,
            progress=progress,
        )

    # ---- streams, at the codec's rate: session.py ---------------------------------------------

    def start_encoding(self, batch: int = 1, *, levels: int | None = None) -> Encoding:
        """Start `batch` streams; blocks of any number of samples follow."""
        return session.start_encoding(self, batch, levels)

    def encode_step(
        self, block: Float[Tensor, "batch channels time"], state: Encoding
    ) -> tuple[Int[Tensor, "batch levels frames"], Encoding]:
        """Encode the next samples: all codes that are certain now, perhaps none."""
        return session.encode_step(self, block, state)

    def finish_encoding(self, state: Encoding) -> Int[Tensor, "batch levels frames"]:
        """Return the last codes; a started frame is filled up with silence."""
        return session.finish_encoding(self, state)

    def start_decoding(self, batch: int = 1) -> Decoding:
        """Start decoding `batch` streams."""
        return session.start_decoding(self, batch)

    def decode_step(
        self, codes: Int[Tensor, "batch levels frames"], state: Decoding
    ) -> tuple[Float[Tensor, "batch channels time"], Decoding]:
        """Decode the next frames: all samples that are certain now, perhaps none."""
        return session.decode_step(self, codes, state)

    def finish_decoding(self, state: Decoding) -> Float[Tensor, "batch channels time"]:
        """Return the samples that the decoder still withheld."""
        return session.finish_decoding(self, state)


from vocable.codecs import files, run, session  # noqa: E402 - they take a Codec, its methods them
