"""Choose the codecs of long standing that others are held against, as far as they are installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from vocable.errors import MeasureError
from vocable.evaluate.systems import codec2
from vocable.evaluate.systems.av_coding import is_installed
from vocable.evaluate.systems.classical import Mp3, Opus
from vocable.evaluate.systems.codec2 import Codec2
from vocable.evaluate.systems.system import System
from vocable.nearest import nearest

Rates = Mapping[str, Sequence[int]]
# kbit/s, of Codec2 the modes in bit/s, by codec. At its least rates MP3 is not made for speech, but
# known by ear to everybody.
SPEECH: Rates = MappingProxyType({"Opus": (6, 12), "MP3": (16,), "Codec2": (1300, 3200)})
SOUND: Rates = MappingProxyType({"Opus": (12, 24), "MP3": (24, 36)})
_MEDIA = 'pip install "vocable[media]"'
_DEBIAN = "apt-get install codec2"


def anchors(speech: bool, rates: Rates | None = None) -> tuple[list[System], list[str]]:
    """Return the anchors that can run here, and for the others what to install, in one line each.

    speech: for speech, or for other sound, which decides on rates and on how Opus is set. rates:
    other ones, by codec; MeasureError for a codec or a mode that is not known.
    """
    found: list[System] = []
    missing: list[str] = []
    for codec, values in ((SPEECH if speech else SOUND) if rates is None else rates).items():
        systems = [_system(codec, value, speech) for value in values]
        if lacks := _lacks(codec):
            missing.append(f"{codec}: {lacks}")
        else:
            found += systems
    return found, missing


def _system(codec: str, rate: int, speech: bool) -> System:
    if codec == "Opus":
        return Opus(rate, speech)
    if codec == "MP3":
        return Mp3(rate)
    if codec == "Codec2":
        return Codec2(rate)
    raise MeasureError(f'no anchor is called "{codec}"; {nearest(codec, SPEECH)}')


def _lacks(codec: str) -> str:
    """Return what has to be installed for a codec; empty where it is there."""
    if codec == "Codec2":
        return _DEBIAN if codec2.missing() else ""
    return "" if is_installed({"Opus": "libopus", "MP3": "libmp3lame"}[codec]) else _MEDIA
