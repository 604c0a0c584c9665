"""The order of the channels: WAV's inside vocable, whatever a codec's own is.

WAV's order is that of the bits of its channel mask: front left, right and centre, low frequencies,
back left, right and centre, side left and right. Vorbis (specification I, section 4.3.9) and Opus
of mapping family 1 (RFC 7845, section 5.1.1.2) put the centre between left and right, and the low
frequencies last. Up to two channels, and with four, the orders agree.
"""

from __future__ import annotations

import numpy as np

# For each channel in WAV's order, its position in the order of Vorbis and Opus.
FROM_VORBIS = {
    3: (0, 2, 1),  # left, centre, right
    5: (0, 2, 1, 3, 4),  # left, centre, right, back left and right
    6: (0, 2, 1, 5, 3, 4),  # the same, low frequencies
    7: (0, 2, 1, 6, 5, 3, 4),  # left, centre, right, side left and right, back centre, low
    8: (0, 2, 1, 7, 5, 6, 3, 4),  # left, centre, right, sides, back left and right, low
}


def vorbis_to_wav(channels: int) -> tuple[int, ...]:
    """Return for each channel in WAV's order its position in the order of Vorbis and Opus.

    More than 8 channels have no defined order, and stay as they are.
    """
    return FROM_VORBIS.get(channels, tuple(range(channels)))


def wav_to_vorbis(channels: int) -> tuple[int, ...]:
    """Return for each channel in the order of Vorbis and Opus its position in WAV's."""
    return tuple(int(position) for position in np.argsort(vorbis_to_wav(channels)))
