"""Say in one line when a codec made for speech is given other sound, or sound of a telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vocable.cli.console import Console
from vocable.measures import Listener

if TYPE_CHECKING:
    from vocable.codecs import Codec

# Hz: recordings of 8 kHz end at 3.4 to 4, and filters let a little more through. Wideband speech
# ends at 6.8 or higher.
TELEPHONE = 4300.0


class Hearing:
    """Judges the recordings of one call, where the codec is made for speech only."""

    def __init__(self, codec: Codec, console: Console) -> None:
        self._codec, self._console = codec, console
        speech_only = getattr(codec.model, "speech_only", False)
        self._speech_only = speech_only and codec.rate > 2 * TELEPHONE
        self._judged = self._other = self._limited = 0  # recordings

    def listener(self) -> Listener | None:
        """Return what hears one recording while it is encoded; None for a codec of any sound."""
        return Listener(self._codec.rate) if self._speech_only else None

    def judge(
        self, name: str, listener: Listener | None, level_db: float | None = None
    ) -> dict[str, Any]:
        """Print a line if the recording `name` does not suit the codec; return facts for --json.

        level_db: by how much it came back louder, where that is known.
        """
        if listener is None:
            return {}
        content = listener.finish()
        limited = content.band_end is not None and content.band_end < TELEPHONE
        self._judged += 1
        if content.speech is False:
            self._other += 1
            self._warn(
                f"{name}: this is not speech; {self._codec.name} makes speech-like sounds of it"
            )
        elif limited:
            self._limited += 1
            self._warn(self._about_band(name, content.band_end or 0.0, level_db))
        return {"speech": content.speech, "band_end_hz": content.band_end}

    def report_counts(self) -> None:
        """Print how many of several recordings did not suit the codec."""
        counts = [(self._other, "not speech"), (self._limited, "band-limited")]
        named = [f"{count} {what}" for count, what in counts if count]
        if named and self._judged > 1:
            self._console.line(f"of {self._judged} recordings, {' and '.join(named)}")

    def _about_band(self, name: str, end: float, level_db: float | None) -> str:
        line = f"{name}: nothing above {end / 1000:.1f} kHz, as of a telephone"
        wanted = f"{self._codec.name} was made for sound up to {self._codec.rate / 2000:g} kHz"
        if level_db is None:
            return f'{line}; {wanted}, so it may come back too quiet ("vocable roundtrip" says)'
        loudness = "too quiet" if level_db < 0 else "too loud"
        return f"{line}; {wanted}, so it came back {abs(level_db):.1f} dB {loudness}"

    def _warn(self, line: str) -> None:
        self._console.line(f"warning: {line}")
