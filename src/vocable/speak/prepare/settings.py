"""How recordings become a prepared set: the parts that listen, and the limits, each stated here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

RATE = 16_000  # Hz at which speech is found and words are recognised


@dataclass(frozen=True)
class Settings:
    """What the snippets of a set depend on, beside the recordings; a set has one of these.

    Loudness and peaks are kept as they are. Lengths are in seconds, levels in dB.
    """

    recogniser: str = "whisper-tiny.en"  # a name of `measures.RECOGNISERS`, or a folder
    language: str = ""  # a code, as "en"; "": the recogniser's only one, or what it guesses
    activity: str = "silero"  # what finds speech: a name of `activity.ACTIVITIES`
    speakers: str = "resemblyzer"  # what tells voices apart, of `measures.EMBEDDINGS`; "": nothing
    keep_speakers: bool = False  # whether the snippets of other voices stay, as other speakers
    shortest: float = 1.0
    longest: float = 30.0
    pause: float = 0.2  # between words, at which is cut
    silence: float = 0.15  # kept at each end, or half of a shorter pause
    lowest_rate: int = 16_000  # Hz
    lowest_band: float = 5_000.0  # Hz that a recording has to reach; telephones end at 3400
    lowest_snr: float = 15.0  # speech over the pauses beside it
    lowest_loudness: float = -50.0  # LUFS
    most_clipped: float = 0.001  # share of samples at full scale, in runs of three
    likeness: float = 0.77  # cosine to the mean of a voice, of 3 s: below it, it is another's

    @property
    def key(self) -> str:
        """The same for equal settings."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]
