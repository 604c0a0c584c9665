"""Show a recording as a player in a notebook, without asking for IPython."""

from __future__ import annotations

import base64
import io
import wave

import numpy as np
from jaxtyping import Float32

LONGEST = 60  # seconds; a page holds the whole sound as text, so long ones are cut
MOST_CHANNELS = 2  # what browsers play of plain WAV


def player(samples: Float32[np.ndarray, "channels samples"], rate: int) -> str:
    """Return an HTML audio element that holds the first minute as 16-bit WAV."""
    channels, length = samples.shape
    part = samples[:MOST_CHANNELS, : LONGEST * rate]
    data = base64.b64encode(_wav(part, rate)).decode()
    notes = [f"{length / rate:.2f} s, {rate} Hz, {channels} channel{'s' if channels > 1 else ''}"]
    if part.shape[1] < length:
        notes.append(f"the player holds the first {LONGEST} s only")
    if len(part) < channels:
        notes.append(f"the player holds the first {MOST_CHANNELS} channels only")
    return (
        f'<audio controls preload="none" src="data:audio/wav;base64,{data}"></audio>'
        f"<div>{'; '.join(notes)}</div>"
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
