"""Say in one line when a codec made for speech is given other sound, or sound of a telephone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vocable.measures import Listener

if TYPE_CHECKING:
    from vocable.codecs import Tokenizer

# Hz: recordings of 8 kHz end at 3.4 to 4, and filters let a little more through. Wideband speech
# ends at 6.8 or higher.
TELEPHONE = 4300.0


@dataclass(frozen=True)
class Verdict:
    """What is said of a recording: facts for --json, and where it does not suit, why."""

    facts: dict[str, Any] = field(default_factory=dict)
    kind: str = ""  # in two words, to be counted
    warning: str = ""  # one line


class Hearing:
    """Judges recordings, where the codec is made for speech only."""

    def __init__(self, codec: Tokenizer) -> None:
        self._codec = codec
        self._speech_only = codec.model.speech_only and codec.rate > 2 * TELEPHONE

    def listener(self) -> Listener | None:
        """Return what hears one recording while it is encoded; None for a codec of any sound."""
        return Listener(self._codec.rate) if self._speech_only else None

    def judge(self, name: str, listener: Listener | None, level_db: float | None = None) -> Verdict:
        """Return whether the recording `name` suits the codec.

        level_db: by how much it came back louder, where that is known.
        """
        if listener is None:
            return Verdict()
        content = listener.finish()
        facts = {"speech": content.speech, "band_end_hz": content.band_end}
        if content.speech is False:
            makes = f"{self._codec.name} makes speech-like sounds of it"
            return Verdict(facts, "not speech", f"{name}: this is not speech; {makes}")
        if content.band_end is not None and content.band_end < TELEPHONE:
            line = self._about_band(name, content.band_end, level_db)
            return Verdict(facts, "band-limited", line)
        return Verdict(facts)

    def _about_band(self, name: str, end: float, level_db: float | None) -> str:
        line = f"{name}: nothing above {end / 1000:.1f} kHz, as of a telephone"
        wanted = f"{self._codec.name} was made for sound up to {self._codec.rate / 2000:g} kHz"
        if level_db is None:
            return f'{line}; {wanted}, so it may come back too quiet ("vocable roundtrip" says)'
        loudness = "too quiet" if level_db < 0 else "too loud"
        return f"{line}; {wanted}, so it came back {abs(level_db):.1f} dB {loudness}"
