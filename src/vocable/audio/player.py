"""Show a recording in a notebook as a player; IPython is not needed."""

from __future__ import annotations

import base64
import io
import wave

import numpy as np
from jaxtyping import Float32

from ..notebook import card, note

LONGEST = 60  # seconds; the page holds the samples as text, so a long recording is cut
MAX_CHANNELS = 2  # as many as browsers play of plain WAV


def player(samples: Float32[np.ndarray, "channels samples"], rate: int) -> str:
    """Return HTML that plays the first minute as 16-bit WAV, and shows its length before."""
    channels, length = samples.shape
    played = samples[:MAX_CHANNELS, : LONGEST * rate]
    layout = "mono" if channels == 1 else f"{channels} channels"
    parts = [_element(played, rate)] if length else []
    if played.shape[1] < length:
        parts.append(note(f"the player holds the first {LONGEST} s only"))
    if len(played) < channels:
        parts.append(note(f"the player holds the first {MAX_CHANNELS} channels only"))
    return card("Audio", f"{length / rate:.2f} s, {rate} Hz, {layout}", (), *parts)


def _element(samples: Float32[np.ndarray, "channels samples"], rate: int) -> str:
    data = base64.b64encode(_wav(samples, rate)).decode()
    style = "display:block;width:100%;max-width:480px;height:40px;margin:6px 0 2px"
    # With preload="none" the player would stand at 0:00 until it is started.
    return (
        f'<audio controls="" preload="metadata" style="{style}" '
        f'src="data:audio/wav;base64,{data}"></audio>'
    )


def _wav(samples: Float32[np.ndarray, "channels samples"], rate: int) -> bytes:
    pcm = np.clip(np.round(samples.T * 2.0**15), -(2**15), 2**15 - 1).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.tobytes())
    return buffer.getvalue()
