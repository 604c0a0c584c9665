"""Say each moment by those of another's recording that sound alike, after kNN-VC.

"Voice Conversion With Just Nearest Neighbors" (Baas et al. 2023, arXiv:2305.18975): every frame of
features is replaced by the mean of its four nearest of the other speaker. There a vocoder reads
features; here the frames of the other's recording stand for their latents of a codec, whose means
are quantized anew, so that nothing has to be trained. Pitch moves to the other's range, loudness
stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from vocable.audio import Audio, Voice
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.contour_quantizer import ContourQuantizer
from vocable.codecs.convert import codes_of, tokens_of
from vocable.errors import ModelError
from vocable.quantize.base import as_levels
from vocable.quantize.precision import full_precision
from vocable.speak.conversion.pitch import PitchConversion, pitch_model
from vocable.speak.conversion.rewriting import rewrite
from vocable.speak.conversion.sources import Progress, Target, one_channel
from vocable.tokens import AudioTokens, TokenFile
from vocable.units.tokenizer import Encodes

NEAREST = 4  # frames whose mean is taken
_BLOCK = 4096  # frames that are compared at once


class FrameConversion:
    """Replace the latents of a recording's frames by those of the frames of a voice.

    encoder, layer: what tells which frames sound alike. ModelError for a codec without a level of
    pitch, and for an encoder whose frames do not divide the codec's.
    """

    def __init__(self, codec: Codec, encoder: Encodes, layer: int) -> None:
        pitch_model(codec)
        frame = codec.spec.frame * encoder.rate
        if frame % (encoder.frame * codec.spec.rate):
            raise ModelError(
                f"frames of {encoder.frame} samples at {encoder.rate} Hz do not divide those of "
                f"{codec.name}, {codec.spec.frame} at {codec.spec.rate} Hz; take another encoder"
            )
        self.codec, self.encoder, self.layer = codec, encoder, layer
        self._pitch = PitchConversion(codec)
        self._together = frame // (encoder.frame * codec.spec.rate)  # of its frames in one of ours

    def convert(self, source: Any, voice: Voice) -> Audio:
        """Return a recording, mixed to one channel, by the sounds of a voice."""
        audio = one_channel(source)
        own = self.codec.encode(audio)
        return self.codec.decode(self._changing([own], audio, voice)(own))

    def convert_to(
        self, source: Any, target: Target, voice: Voice, *, overwrite: bool = False,
        progress: Progress = None,
    ) -> None:  # fmt: skip
        """Convert a file of any length to an audio file; as `convert` does.

        Of the voice all frames are held, of the source those of a piece. It is read twice.
        """

        def change(file: TokenFile) -> Callable[[AudioTokens], AudioTokens]:
            return self._changing(file.chunks(), source, voice)

        rewrite(self.codec, source, target, change, overwrite=overwrite, progress=progress)

    def _changing(
        self, pieces: Iterable[AudioTokens], source: Any, voice: Voice
    ) -> Callable[[AudioTokens], AudioTokens]:
        """Return what says the pieces of a source, in order, by the sounds of a voice."""
        moved, rows = self._pitch.mover(pieces, voice), self._rows(source)
        other = self.codec.encode(voice.audio)
        latents, shown = self._latents(other), self._features(self._rows(voice.audio), other)

        def change(tokens: AudioTokens) -> AudioTokens:
            places = nearest(self._features(rows, tokens), shown)
            return self._with(moved(tokens), latents[places].mean(1))

        return change

    def _rows(self, source: Any) -> Rows:
        parts = self.encoder.feature_parts([source], layer=self.layer, mix=True)
        return Rows(rows for _, rows in parts)

    def _features(self, rows: Rows, tokens: AudioTokens) -> Float[Tensor, "frames features"]:
        """Return what each of the next frames of the codec sounds like."""
        return rows.take(tokens.frames * self._together).reshape(tokens.frames, -1)

    @torch.inference_mode()
    def _latents(self, tokens: AudioTokens) -> Float[Tensor, "frames dimensions"]:
        row = self._quantizer.decode(codes_of(tokens))[0]
        return row[:, : self._quantizer.residual.dim]

    @torch.inference_mode()
    def _with(self, tokens: AudioTokens, latents: Float[Tensor, "frames _"]) -> AudioTokens:
        """Return tokens whose residual levels are those of other latents."""
        with full_precision(latents.device.type):
            rest = as_levels(self._quantizer.residual.encode(latents[None]))
        kept = codes_of(tokens)[: self._quantizer.contours]
        return tokens_of(tokens.spec, Codes([*kept, *(each.cpu() for each in rest)]), tokens.source)

    @property
    def _quantizer(self) -> ContourQuantizer:
        found = self.codec.model.quantizer
        assert isinstance(found, ContourQuantizer), "a level of pitch is one of contours"
        return found


class Rows:
    """Rows `[channels]` that come in parts, given out in order; the last one goes on and on."""

    def __init__(self, parts: Iterator[Any]) -> None:
        self._parts, self._held = parts, torch.zeros(0, 0)

    def take(self, count: int) -> Float[Tensor, "count channels"]:
        """Return the next rows. ModelError where there is none at all."""
        # one more is held, which goes on where no other comes
        while len(self._held) <= count and (more := next(self._parts, None)) is not None:
            if len(more):
                rows = torch.as_tensor(more, dtype=torch.float32)
                self._held = torch.cat((self._held, rows)) if len(self._held) else rows
        if not len(self._held):
            raise ModelError("the recording is too short for a frame of features: under 25 ms")
        lacking = max(0, count - len(self._held))
        taken = torch.cat((self._held[:count], self._held[-1:].expand(lacking, -1)))
        self._held = self._held[min(count, len(self._held) - 1) :]
        return taken


def nearest(
    own: Float[Tensor, "frames features"], other: Float[Tensor, "others features"]
) -> Int64[Tensor, "frames near"]:
    """Return the places of the frames of the other that are nearest by angle, up to four each."""
    wanted = F.normalize(other, dim=1).T
    count = min(NEAREST, len(other))
    found = [
        (F.normalize(some, dim=1) @ wanted).topk(count, dim=1).indices
        for some in torch.split(own, _BLOCK)
    ]
    return torch.cat(found)
