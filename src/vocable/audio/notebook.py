"""Show a recording as a player in a notebook; IPython is not needed."""

from __future__ import annotations

import base64
import io
import wave

import numpy as np
from jaxtyping import Float32

LONGEST = 60  # seconds; the page holds the samples as text, so a long recording is cut
MAX_CHANNELS = 2  # as many as browsers play of plain WAV


def player(samples: Float32[np.ndarray, "channels samples"], rate: int) -> str:
    """Return an HTML audio element that holds the first minute as 16-bit WAV."""
    channels, length = samples.shape
    played = samples[:MAX_CHANNELS, : LONGEST * rate]
    data = base64.b64encode(_wav(played, rate)).decode()
    notes = [f"{length / rate:.2f} s, {rate} Hz, {channels} channel{'s' if channels > 1 else ''}"]
    if played.shape[1] < length:
        notes.append(f"the player holds the first {LONGEST} s only")
    if len(played) < channels:
        notes.append(f"the player holds the first {MAX_CHANNELS} channels only")
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
