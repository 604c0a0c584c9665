"""The codebooks of a codec whose tokens are said: pitch, loudness, and residual levels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vocable.codecs.codec import Codec
from vocable.codecs.contour_quantizer import ContourQuantizer
from vocable.errors import ModelError


@dataclass(frozen=True, eq=False)
class CodecBooks:
    """The entries of each level, `[size, width]`, and the token space that they are of."""

    space: str
    entries: list[Tensor]

    @property
    def sizes(self) -> list[int]:
        return [len(each) for each in self.entries]

    @property
    def widths(self) -> list[int]:
        return [each.shape[1] for each in self.entries]


def codec_books(codec: Codec) -> CodecBooks:
    """Return the codebooks of a codec, which needs contours and residual levels: speech-16k."""
    quantizer = codec.model.quantizer
    if not isinstance(quantizer, ContourQuantizer):
        raise ModelError(f"{codec.name} has no levels of pitch to say; take speech-16k")
    residual = [level.codebook.entries for level in quantizer.residual.stack]
    entries = [*(book.entries for book in quantizer.books), *residual]
    return CodecBooks(codec.spec.space, [each.detach().clone().float() for each in entries])
