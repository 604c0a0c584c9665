"""The formats of recordings, by the endings of file names: what reads each, and what is written.

A folder is searched for recordings by these endings. A file that is named is read whatever its
ending, since its content says what it is.
"""

from __future__ import annotations

# Read by soundfile (libsndfile).
SOUNDFILE = (
    *(".wav", ".wave", ".w64", ".rf64", ".flac", ".aiff", ".aif", ".aifc", ".au", ".snd", ".caf"),
    *(".ogg", ".oga", ".opus", ".mp3", ".mp2"),
)
# Read by PyAV (FFmpeg), which the extra `media` installs.
AV = (
    *(".m4a", ".m4b", ".mp4", ".mov", ".3gp", ".aac", ".amr"),
    *(".webm", ".weba", ".mkv", ".mka", ".wma", ".wv"),
)
READABLE = (*SOUNDFILE, *AV)

# Written by soundfile: libsndfile's name of the format, and of the sample format in it.
WRITABLE = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", "PCM_16"),
    ".aif": ("AIFF", "PCM_16"),
    ".w64": ("W64", "PCM_16"),
    ".rf64": ("RF64", "PCM_16"),
}
# libsndfile's names of the sample formats whose channels are in the order of Vorbis.
ORDERED_AS_VORBIS = ("VORBIS", "OPUS")
