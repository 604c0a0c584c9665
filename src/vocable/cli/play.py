"""Play a recording, by a player that the machine has."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from vocable.cli.errors import Refusal

if TYPE_CHECKING:
    from vocable.audio import Audio

_PLAYERS = (
    ("pw-play",), ("paplay",), ("aplay", "-q"), ("afplay",), ("ffplay", "-nodisp", "-autoexit"),
    ("play", "-q"),
)  # fmt: skip


def play(audio: Audio) -> None:
    """Play a recording to its end. Refusal where nothing can."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        audio.save(path)
        if sys.platform == "win32":
            import winsound

            winsound.PlaySound(str(path), winsound.SND_FILENAME)
            return
        for player in _PLAYERS:
            if (
                shutil.which(player[0])
                and not subprocess.run(
                    [*player, str(path)], stdin=subprocess.DEVNULL, capture_output=True
                ).returncode
            ):
                return
    raise Refusal("nothing here plays sound; write it to a file: -o speech.wav")
