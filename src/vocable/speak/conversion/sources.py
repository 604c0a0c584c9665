"""What is converted: one channel of a recording."""

from __future__ import annotations

from typing import Any

from vocable.audio import Audio


def one_channel(source: Any) -> Audio:
    """Return a recording, or a path of one, with its channels mixed."""
    audio = source if isinstance(source, Audio) else Audio.read(source)
    return audio.mono()
