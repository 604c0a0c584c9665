"""Say each moment by those of another's recording that sound alike, after kNN-VC.

"Voice Conversion With Just Nearest Neighbors" (Baas et al. 2023, arXiv:2305.18975): every frame of
features is replaced by the mean of its four nearest of the other speaker. There a vocoder reads
features; here the frames of the other's recording stand for their latents of a codec, whose means
are quantized anew, so that nothing has to be trained. Pitch moves to the other's range, loudness
stays.
"""

from __future__ import annotations

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
from vocable.speak.conversion.sources import one_channel
from vocable.tokens import AudioTokens
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
        self._together = frame // (encoder.frame * codec.spec.rate)  # of its frames in one of ours

    def convert(self, source: Any, voice: Voice) -> Audio:
        """Return a recording, mixed to one channel, by the sounds of a voice."""
        audio = one_channel(source)
        own, other = self.codec.encode(audio), self.codec.encode(voice.audio)
        moved = PitchConversion(self.codec).tokens(own, voice)
        places = nearest(self._features(audio, own), self._features(voice.audio, other))
        latents = self._latents(other)[places].mean(1)
        return self.codec.decode(self._with(moved, latents))

    def _features(self, audio: Audio, tokens: AudioTokens) -> Float[Tensor, "frames features"]:
        """Return what each frame of the codec sounds like, the last filled up by its last row."""
        (found,) = self.encoder.features([audio], layer=self.layer)
        rows = torch.as_tensor(found, dtype=torch.float32)
        wanted = tokens.frames * self._together
        if not len(rows):
            raise ModelError("the recording is too short for a frame of features: under 25 ms")
        rows = torch.cat((rows, rows[-1:].expand(max(0, wanted - len(rows)), -1)))[:wanted]
        return rows.reshape(tokens.frames, -1)

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
