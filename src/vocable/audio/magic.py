"""Tell by its first bytes that something is a file, where it should be bare samples."""

from __future__ import annotations

from .mpeg_frames import frame_size

HEAD = 12  # bytes that tell the formats below
_FORMATS = {
    b"fLaC": "FLAC",
    b"OggS": "Ogg",
    b"FORM": "AIFF",
    b"caff": "CAF",
    b"\x1a\x45\xdf\xa3": "WebM or Matroska",
    b"\x30\x26\xb2\x75": "WMA",
    b".snd": "AU",
    b"riff": "W64",
    b"RIFX": "a big-endian WAV",
    b"RF64": "RF64",
    b"RIFF": "RIFF without WAVE",
    b"#!AMR": "AMR",
    b"wvpk": "WavPack",
    **{b"ID3" + bytes([version]): "MP3" for version in (2, 3, 4)},
}
_LAYER, _LAYER_3 = 0x06, 0x02  # of the second byte of a frame of MPEG audio


def format_of(head: bytes) -> str:
    """Return the name of the format whose files begin so; empty for none that is known."""
    if head[4:8] == b"ftyp":
        return "MP4"
    return next((name for magic, name in _FORMATS.items() if head.startswith(magic)), "")


def mpeg_frame(head: bytes) -> int:
    """Return the bytes of the frame of MP3 or AAC that seems to begin here; 0 if none does.

    A first sample may look like the beginning of a frame: where that ends another must begin.
    """
    if len(head) < 6 or head[0] != 0xFF:
        return 0
    if head[1] & 0xF6 == 0xF0:  # ADTS
        return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return frame_size(head) if head[1] & _LAYER == _LAYER_3 else 0
