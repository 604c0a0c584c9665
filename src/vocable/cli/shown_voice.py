"""The voice that a command is given: a name, or a recording whose use somebody agreed to."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from vocable.cli.errors import Refusal

if TYPE_CHECKING:
    from vocable.audio import Voice

_log = logging.getLogger("vocable")


def named_or_shown(voice: str | None, transcript: str, consent: str) -> str | Voice | None:
    """Return the voice in a recording, else the name that was given."""
    if voice is None or not (Path(voice).suffix or Path(voice).is_file()):
        return voice
    return shown_voice(voice, transcript, consent)


def shown_voice(recording: str, transcript: str, consent: str) -> Voice:
    """Return the voice in a recording, and warn of what is doubtful about it."""
    from vocable.audio import Voice

    if not consent.strip():
        raise Refusal(
            f"{recording}: whose voice is that? say who agreed to its use: "
            '--consent "Anna Example, by mail, 3 May 2026"'
        )
    shown = Voice.from_recording(recording, transcript)
    from vocable.speak.reference import doubts

    for doubt in doubts(Path(recording), shown):
        _log.warning(doubt)
    return shown
