"""Tell by its first bytes what a file is, where it should be bare samples."""

from __future__ import annotations

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
    b"RIFF": "RIFF without WAVE",
    b"#!AMR": "AMR",
    b"wvpk": "WavPack",
    **{b"ID3" + bytes([version]): "MP3" for version in (2, 3, 4)},
}
_KBITS = {  # of MPEG audio, layer III, by version
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)


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
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if head[1] < 0xE0 or layer != 1 or version == 1 or bits in (0, 15) or rate == 3:
        return 0
    first = version == 3
    kbits = _KBITS[1 if first else 2][bits]
    hertz = _RATES[rate] >> (0 if first else 1 if version == 2 else 2)
    return (144_000 if first else 72_000) * kbits // hertz + (head[2] >> 1 & 1)
