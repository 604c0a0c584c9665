"""What a CSM is made of; "csm-1b" as a function."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.errors import ModelError
from vocable.language.abilities import Abilities
from vocable.language.config import Rotary, TransformerConfig
from vocable.nn.rotary import Llama3Scaling


@dataclass(frozen=True)
class CsmConfig:
    """Two Llamas: a backbone over frames, and one over the levels of a frame.

    levels  of a frame
    size    ids that each level has in tables and heads
    codes   of these, ids that the codec has, the first ones; the others are never generated
    text    ids of text
    begin, end  ids of text that stand before and behind an utterance's
    rate, frame     Hz of the codec, and samples of its frame
    """

    backbone: TransformerConfig
    depth: TransformerConfig
    levels: int = 32
    size: int = 2051
    codes: int = 2048
    text: int = 128_256
    begin: int = 128_000
    end: int = 128_001
    rate: int = 24_000
    frame: int = 1920

    def __post_init__(self) -> None:
        if not 1 <= self.codes <= self.size:
            raise ModelError(f"a level of {self.size} ids has no {self.codes} codes")
        for name in ("begin", "end"):
            if not 0 <= getattr(self, name) < self.text:
                raise ModelError(f"{name} is {getattr(self, name)} but text has {self.text} ids")
        for part in (self.backbone, self.depth):
            if part.cross is not None or part.sets is not None:
                raise ModelError("a CSM has neither cross-attention nor sets of weights")

    @property
    def name(self) -> str:
        """The published model's name, or the family's with its layers and width."""
        if self == csm_1b():
            return "csm-1b"
        return f"csm-{self.backbone.layers}x{self.backbone.width}"

    @property
    def abilities(self) -> Abilities:
        """What such a model can do."""
        context = self.backbone.context
        seconds = context * self.frame / self.rate
        return Abilities(
            continues=True, clones=True, text="spoken", languages=("English",), context=context,
            seconds=round(seconds, 2), codec="mimi", levels=self.levels, rate=self.rate,
        )  # fmt: skip


def csm_1b() -> CsmConfig:
    """Return the config of the published model."""
    rotary = Rotary(base=500_000.0, scaling=Llama3Scaling(32.0))
    backbone = TransformerConfig(
        width=2048, layers=16, heads=32, kv_heads=8, hidden=8192, context=2048, positions=rotary
    )
    depth = TransformerConfig(
        width=1024, layers=4, heads=8, kv_heads=2, hidden=8192, context=33, positions=rotary
    )
    return CsmConfig(backbone, depth)
