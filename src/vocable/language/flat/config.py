"""What a flat model is made of."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.errors import ModelError
from vocable.language.abilities import Abilities
from vocable.language.config import Rotary, TransformerConfig
from vocable.language.flat.template import TEMPLATES, Template
from vocable.nearest import nearest
from vocable.nn.rotary import Llama3Scaling


@dataclass(frozen=True)
class FlatConfig:
    """A table of ids, a transformer, a head.

    rows    of the table and of the head; those behind the vocabulary stand for nothing
    tied    whether the head is the table
    form    of sequence, by the name of its template
    """

    trunk: TransformerConfig
    rows: int
    tied: bool = False
    form: str = "orpheus"

    def __post_init__(self) -> None:
        if self.form not in TEMPLATES:
            raise ModelError(f'no form "{self.form}"; {nearest(self.form, TEMPLATES)}')
        if self.rows < (least := self.template.ids.size):
            raise ModelError(
                f"{self.rows} rows do not hold the {least} ids of {self.form}'s text and sound"
            )
        if self.trunk.cross is not None or self.trunk.sets is not None:
            raise ModelError("a flat model has neither cross-attention nor sets of weights")

    @property
    def template(self) -> Template:
        """What stands where in a sequence."""
        return TEMPLATES[self.form]

    @property
    def frame(self) -> int:
        """Samples of the codec's finest frame."""
        return self.template.spec.frame

    @property
    def name(self) -> str:
        """The published model's name, or the form's with its layers and width.

        Of its size there are several, with a head of their own or not.
        """
        width, layers = self.trunk.width, self.trunk.layers
        return "orpheus-3b" if (width, layers) == (3072, 28) else f"{self.form}-{layers}x{width}"

    @property
    def abilities(self) -> Abilities:
        """What such a model can do; the languages are nowhere in its files."""
        template, context = self.template, self.trunk.context
        seconds = context // template.slots * template.cycle / template.spec.rate
        return Abilities(
            continues=True, clones=True, text="spoken", languages=(), context=context,
            seconds=round(seconds, 2), codec=template.codec, levels=len(template.spec.levels),
            rate=template.spec.rate,
        )  # fmt: skip


def orpheus_3b() -> FlatConfig:
    """Return the config of Orpheus 3B: Llama 3.2's, with more rows than it has ids."""
    trunk = TransformerConfig(
        width=3072, layers=28, heads=24, kv_heads=8, hidden=8192, context=131_072,
        positions=Rotary(base=500_000.0, scaling=Llama3Scaling(32.0)),
    )  # fmt: skip
    return FlatConfig(trunk, rows=156_940, tied=True)
