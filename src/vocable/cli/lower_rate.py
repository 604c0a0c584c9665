"""Say in one line that a decoder of a higher rate than its encoder's is not heard at that rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vocable.cli.open_vocoder import OpenVocoder
    from vocable.codecs import Codec


def lower_rate(codec: Codec | OpenVocoder, rate: int) -> str:
    """Return why sound that nobody asked a rate for is at `rate` Hz; nothing if it is all there."""
    spec = codec.spec
    if not spec.rate < spec.writes > rate:
        return ""
    given = f"{codec.name} gives {spec.writes} Hz: --rate {spec.writes}"
    return f"written at {rate} Hz, as it was recorded; {given}"
