"""What stands where in the one row of ids of a flat model. A new form is a value here.

Orpheus (Canopy Labs 2025, github.com/canopyai/Orpheus-TTS): a human's turn of text, then an AI's
of sound, which takes seven ids a cycle of SNAC's levels, 85 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vocable.tokens import Level, TokenSpec, Vocabulary, orpheus


@dataclass(frozen=True)
class Template:
    """One form of sequence.

    before, between, after   ids in front of text, between text and sound, behind sound; the first
                    of those behind is how a model ends
    text            ids of plain text, all below; what is above has a meaning of its own
    spec            of the codec: levels and rates, as layouts ask for them
    vocabulary      the ids of such a codec's tokens
    codec           its name, and `home`, where it is published
    tags            sounds that a text may name between its words, as `<laugh>`
    """

    name: str
    before: tuple[int, ...]
    between: tuple[int, ...]
    after: tuple[int, ...]
    text: int
    spec: TokenSpec
    vocabulary: Callable[[TokenSpec], Vocabulary]
    codec: str
    home: str
    tags: tuple[str, ...] = ()

    @property
    def ids(self) -> Vocabulary:
        """The vocabulary, of a codec that need not be at hand."""
        return self.vocabulary(self.spec)

    @property
    def slots(self) -> int:
        """Ids of a cycle."""
        return len(self.ids.slots)

    @property
    def cycle(self) -> int:
        """Samples of a cycle."""
        return self.spec.step * self.spec.frame


ORPHEUS = Template(
    name="orpheus",
    before=(128_259, 128_000),  # a human begins; text begins
    between=(128_009, 128_260, 128_261, 128_257),  # text, human end; AI, speech begin
    after=(128_258, 128_262),  # speech, AI end
    text=128_000,
    spec=TokenSpec(
        "snac_24khz@1:0", 24_000, 512, 1, (Level(4096, 4), Level(4096, 2), Level(4096, 1)), (3,)
    ),
    vocabulary=orpheus,
    codec="snac_24khz",
    home="hubertsiuzdak/snac_24khz",
    tags=("laugh", "chuckle", "sigh", "cough", "sniffle", "groan", "yawn", "gasp"),
)
TEMPLATES = {ORPHEUS.name: ORPHEUS}
