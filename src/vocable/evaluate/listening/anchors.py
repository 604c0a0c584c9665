"""Make the anchors of a listening test: the reference without its high frequencies.

Recommendation ITU-R BS.1534-3 asks for two, of 3.5 kHz and 7 kHz, which hold the ends of the scale
in place from test to test.
"""

from __future__ import annotations

from vocable.audio import Audio
from vocable.evaluate.low_pass import WIDTH, low_pass

LOW, MID = "anchor 3.5 kHz", "anchor 7 kHz"
CUTOFFS = {LOW: 3500, MID: 7000}  # Hz up to which they are the reference


def anchors_of(reference: Audio) -> dict[str, Audio]:
    """Return the anchors by name: those that leave something out at the reference's rate."""
    possible = {name: hz for name, hz in CUTOFFS.items() if 2 * (hz + WIDTH) <= reference.rate}
    return {name: low_pass(reference, hz) for name, hz in possible.items()}
