"""Notice what is not bare samples on stdin: a WAV header is read, other formats are refused.

A WAV that is written to a pipe cannot know its length: its writer leaves 0 or a number near 2 or
4 GiB in the header, and the samples go on to the end.
"""

from __future__ import annotations

import logging
import struct

from vocable.audio.chunks import is_open_size
from vocable.audio.magic import HEAD, format_of, mpeg_frame
from vocable.binary_streams import LiveReadable
from vocable.cli.pcm import PcmFormat
from vocable.errors import AudioError
from vocable.tokens.file.records import MAGIC

log = logging.getLogger("vocable")

_FORMS = {(1, 16): "s16le", (3, 32): "f32le"}  # by format tag and bits
_EXTENSIBLE = 0xFFFE
_OPEN = 0xFFFF_FFFF  # the size of what has no end yet
_COPIED = 2**16  # bytes at most per read of what is left out
_KEPT = 64  # bytes at most of a chunk before the samples
_ADVICE = "pipe it through `ffmpeg -i - -f wav -`, or encode all of it by `vocable encode -`"


class PutBack:
    """A stream before which bytes that were read already are put back."""

    def __init__(self, head: bytes, source: LiveReadable) -> None:
        self._head, self._source = head, source

    def read1(self, size: int, /) -> bytes:
        """Return the bytes that are there."""
        if not self._head:
            return self._source.read1(size)
        out, self._head = self._head[:size], self._head[size:]
        return out


class WavSamples:
    """The samples of a WAV, up to the size that its header states (None: to the end)."""

    def __init__(self, source: LiveReadable, size: int | None) -> None:
        self._source, self._size, self._left = source, size, size

    def read1(self, size: int, /) -> bytes:
        """Return the bytes that are there; warn where they are not those of the header."""
        if self._left is None:
            return self._source.read1(size)
        if not self._left:
            self._end()
            return b""
        data = self._source.read1(min(size, self._left))
        self._left -= len(data)
        if not data:
            log.warning(
                "stdin: its WAV header states %d bytes of samples, %d came",
                self._size,
                (self._size or 0) - self._left,
            )
        return data

    def _end(self) -> None:
        """Leave out what follows the samples: chunks quietly, anything else with a warning."""
        pad = b"" if not self._size or self._size % 2 == 0 else _read(self._source, 1)
        head = _read(self._source, 8)
        rest = len(head)
        while data := self._source.read1(_COPIED):
            rest += len(data)
        named = len(head) == 8 and head[:4].isascii() and head[:4].decode().isprintable()
        if rest and not named:
            log.warning(
                "stdin: %d bytes after the %d of its WAV header are left out",
                rest + len(pad),
                self._size,
            )


def open_pcm(
    source: LiveReadable,
    usual: PcmFormat,
    *,
    form: str | None,
    rate: int | None,
    channels: int | None,
) -> tuple[LiveReadable, PcmFormat]:
    """Return a stream of bare samples, and what they are.

    form, rate, channels: as the user says, who must agree with a WAV header; where neither says
    anything, `usual` holds. AudioError for a WAV of other samples, or another format.
    """
    head = _read(source, HEAD)
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:] == b"WAVE":
        found, size = _read_wav(source)
        _check(found, form, rate, channels)
        return WavSamples(source, size), found
    head += _refuse_other(head, source)
    stated = PcmFormat(form or usual.form, rate or usual.rate, channels or usual.channels)
    return PutBack(head, source), stated


def endless_wav(rate: int) -> bytes:
    """Return the header of a WAV of 16-bit samples of one channel whose end is not known yet."""
    head = struct.pack("<4sI4s", b"RIFF", _OPEN, b"WAVE")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return head + form + struct.pack("<4sI", b"data", _OPEN)


def _refuse_other(head: bytes, source: LiveReadable) -> bytes:
    """Return what was read beyond the head to tell bare samples from other formats."""
    if head.startswith(MAGIC):
        raise AudioError("stdin is a token file, not samples; `vocable stream decode` reads it")
    name, frame = format_of(head), mpeg_frame(head)
    more = _read(source, max(0, frame + 2 - len(head))) if frame else b""
    following = (head + more)[frame : frame + 2]
    if frame and len(following) == 2 and following[0] == 0xFF and following[1] == head[1]:
        name = "MP3 or AAC"
    if name:
        raise AudioError(f"stdin is {name}, not bare samples; {_ADVICE}")
    return more


def _read_wav(source: LiveReadable) -> tuple[PcmFormat, int | None]:
    """Read chunks up to the samples; return what these are, and their bytes if that is stated."""
    found, wide = None, 0
    while len(head := _read(source, 8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"data":
            if found is None:
                raise AudioError(f"stdin's WAV header does not say what its samples are; {_ADVICE}")
            size, bits = (wide, 64) if wide and size == 0xFFFF_FFFF else (size, 32)
            return found, None if is_open_size(size, bits) else size
        body = _read(source, min(size + size % 2, _KEPT))
        if len(body) < min(size, _KEPT):
            break
        _leave_out(source, size + size % 2 - len(body))
        if name == b"fmt ":
            found = _format_of(body)
        elif name == b"ds64" and len(body) >= 16:
            wide = int.from_bytes(body[8:16], "little")
    raise AudioError("stdin ends inside its WAV header; run what writes it again")


def _format_of(body: bytes) -> PcmFormat:
    if len(body) < 16:
        raise AudioError("stdin's WAV header is damaged: its format is cut; write it again")
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _EXTENSIBLE and len(body) >= 26:
        tag = int.from_bytes(body[24:26], "little")
    if (tag, bits) not in _FORMS:
        raise AudioError(
            f"stdin is WAV of {bits} bits in format {tag}; 16-bit integers or 32-bit floats can be "
            f"streamed; {_ADVICE}"
        )
    if not 1 <= channels <= 256:
        raise AudioError(f"stdin's WAV header states {channels} channels; 1 to 256 can be streamed")
    return PcmFormat(_FORMS[tag, bits], rate, channels)


def _check(found: PcmFormat, form: str | None, rate: int | None, channels: int | None) -> None:
    for option, wanted, stated in (
        ("--format", form, found.form),
        ("--rate", rate, found.rate),
        ("--channels", channels, found.channels),
    ):
        if wanted not in (None, stated):
            raise AudioError(
                f"stdin's WAV header says {stated} but {option} is {wanted}; leave {option} out"
            )


def _leave_out(source: LiveReadable, count: int) -> None:
    while count > 0 and (data := source.read1(min(count, _COPIED))):
        count -= len(data)


def _read(source: LiveReadable, count: int) -> bytes:
    """Read `count` bytes, however small the pieces that a pipe gives; fewer only at the end."""
    data = b""
    while len(data) < count and (more := source.read1(min(count - len(data), _COPIED))):
        data += more
    return data
