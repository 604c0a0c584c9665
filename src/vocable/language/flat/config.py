"""What a flat model is made of."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.errors import ModelError
from vocable.language.abilities import Abilities
from vocable.language.config import TransformerConfig
from vocable.language.flat.template import TEMPLATES, Template
from vocable.nearest import nearest

_PUBLISHED = {("orpheus", 3072, 28): "orpheus-3b"}  # by form, width and layers


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
        """The published model's name, or the form's with its layers and width."""
        width, layers = self.trunk.width, self.trunk.layers
        return _PUBLISHED.get((self.form, width, layers), f"{self.form}-{layers}x{width}")

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
