"""Ask the parts of a codec for pitch, phone and speaker: to teach them, or to make them forget.

Each question is a small network, of the residual units that Amphion's predictors have. One that
teaches passes its gradient on; one that makes forget learns to answer and turns it round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from vocable.codecs import CodecModel, CodecOutput
from vocable.codecs.dac_blocks import residual_unit
from vocable.errors import RecipeError
from vocable.nn import Linear, Snake, Stack
from vocable.quantize import FactorisedVQ
from vocable.train.codec.factors.reversal import reversed_gradient
from vocable.train.codec.recipe import Factors

NONE = -1  # of a frame or a recording of which nothing is known
DILATIONS = (1, 2, 3)


@dataclass(frozen=True)
class Told:
    """What is known of segments.

    phone: its number, or that of the unit, at each frame. speaker: the number of each. octaves: of
    pitch, to mean 0 and deviation 1 over the voiced frames of a segment.
    """

    phone: Int64[Tensor, "batch frames"]
    speaker: Int64[Tensor, " batch"]
    voiced: Bool[Tensor, "batch frames"]
    octaves: Float[Tensor, "batch frames"]

    def to(self, device: torch.device) -> Told:
        """Return it on a device."""
        return Told(*(value.to(device) for value in vars(self).values()))


class Heads(nn.Module):
    """All questions of a run; `forward` returns their losses, by the names of `Factors.weights`."""

    def __init__(self, codec: CodecModel, table: Factors) -> None:
        super().__init__()
        q: Any = codec.quantizer
        sides = {side.name: side for side in codec.spec.item_sides}
        if not isinstance(q, FactorisedVQ) or len(q.beside) != 2 or "timbre" not in sides:
            raise RecipeError(
                "factors teaches prosody, content and timbre, which "
                f'{codec.name} does not part; set codec.architecture = "facodec"'
            )
        dim, self.reversal = q.width, table.reversal
        self.pitch, self.phone = head(dim, 2), head(dim, table.phones)
        (width,) = sides["timbre"].shape
        self.speaker = Linear(width, table.speakers)
        self.phone_in_prosody, self.pitch_in_content = head(dim, table.phones), head(dim, 2)
        self.pitch_in_detail, self.phone_in_detail = head(dim, 2), head(dim, table.phones)
        self.speaker_in_codes = head(dim, table.speakers)

    def forward(self, output: CodecOutput, told: Told) -> dict[str, Tensor]:
        """Return the losses of what a codec made of segments, of all frames that are told."""
        assert output.quantized is not None
        frames = told.phone.shape[1]
        parts = [z[:, :frames] for z in (*output.quantized.parts, output.quantized.z)]
        prosody, content, _, _ = parts
        no_prosody, no_content, detail, codes = (
            reversed_gradient(part, self.reversal) for part in parts
        )
        return {
            "pitch": _pitch_loss(self.pitch(prosody), told),
            "phone": _class_loss(self.phone(content), told.phone),
            "speaker": _class_loss(self.speaker(output.sides["timbre"]), told.speaker),
            "phone_in_prosody": _class_loss(self.phone_in_prosody(no_prosody), told.phone),
            "pitch_in_content": _pitch_loss(self.pitch_in_content(no_content), told),
            "pitch_in_detail": _pitch_loss(self.pitch_in_detail(detail), told),
            "phone_in_detail": _class_loss(self.phone_in_detail(detail), told.phone),
            "speaker_in_codes": _class_loss(self.speaker_in_codes(codes).mean(1), told.speaker),
        }


def head(channels: int, outputs: int) -> Stack:
    """Return a network that answers at each frame, `[B, F, channels] -> [B, F, outputs]`."""
    units = [residual_unit(channels, dilation) for dilation in DILATIONS]
    return Stack(*units, Snake(channels), Linear(channels, outputs))


def _class_loss(answer: Tensor, wanted: Tensor) -> Tensor:
    """Return the cross-entropy, the mean over what is known; 0 where nothing is."""
    total = F.cross_entropy(
        answer.flatten(0, -2), wanted.flatten(), reduction="sum", ignore_index=NONE
    )
    return total / (wanted != NONE).sum().clamp(min=1)


def _pitch_loss(answer: Tensor, told: Told) -> Tensor:
    """Return the loss of which frames are voiced, and the distance of pitch over those."""
    voicing = F.binary_cross_entropy_with_logits(answer[..., 0], told.voiced.to(answer.dtype))
    apart = F.smooth_l1_loss(answer[..., 1], told.octaves, reduction="none") * told.voiced
    return voicing + apart.sum() / told.voiced.sum().clamp(min=1)
