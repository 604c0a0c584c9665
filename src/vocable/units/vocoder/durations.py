"""How many frames a unit lasts, where equal neighbours are joined and nothing says it.

The predictor is FastSpeech 2's of variances (Ren et al. 2021, arXiv:2006.04558), as fairseq's
CodeHiFiGAN and SeamlessM4T have it: it foretells log(1 + frames) of each unit from its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float, Int64
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn import Conv1d, LayerNorm, LeakyReLU, Linear, Stack
from vocable.tokens.checks import MAX_DURATION

Rule = Literal["exp", "expm1"]
"""How log(1 + frames) becomes frames: fairseq subtracts 1 from `exp`, transformers takes `expm1`.
They differ where the last bit decides between two whole numbers."""


@dataclass(frozen=True)
class DurationConfig:
    """width: channels within. kernel: units that each convolution sees, odd. dropout: in training.
    rule: see `Rule`.
    """

    width: int = 128
    kernel: int = 3
    dropout: float = 0.5
    rule: Rule = "exp"

    def __post_init__(self) -> None:
        if self.width < 1 or self.kernel < 1 or self.kernel % 2 == 0:
            raise ModelError(
                f"a predictor of durations has 1 channel or more and an odd kernel, got {self}"
            )


class DurationPredictor(nn.Module):
    """Rows of units to log(1 + frames) of each; `layers` runs whole or in steps."""

    def __init__(self, channels_in: int, config: DurationConfig) -> None:
        super().__init__()
        self.config = config
        width, pad = config.width, config.kernel // 2
        self.layers = Stack(
            Conv1d(channels_in, width, config.kernel, pad=(pad, pad)),
            LeakyReLU(),
            LayerNorm(width),
            Conv1d(width, width, config.kernel, pad=(pad, pad)),
            LeakyReLU(),
            LayerNorm(width),
            Linear(width, 1),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, rows: Float[Tensor, "batch units channels"]) -> Float[Tensor, "batch units"]:
        """Return log(1 + frames) of each unit of whole sequences; in training with dropout."""
        x = rows
        for layer in self.layers.blocks:
            x = layer(x)
            if isinstance(layer, LayerNorm):
                x = self.dropout(x)
        return x[..., 0]

    def frames(self, logarithms: Float[Tensor, "*units"]) -> Int64[Tensor, "*units"]:
        """Return whole frames by the config's rule: rounded, ties to even, 1 to 65 536."""
        return frames_of(logarithms, self.config.rule)


def frames_of(logarithms: Float[Tensor, "*units"], rule: Rule) -> Int64[Tensor, "*units"]:
    """Return the frames of log(1 + frames). ModelError for what is not finite."""
    if not bool(logarithms.isfinite().all()):
        raise ModelError("durations are foretold that are not finite; fetch the vocoder again")
    found = logarithms.exp() - 1 if rule == "exp" else logarithms.expm1()
    return found.round().clamp(1, MAX_DURATION).long()
