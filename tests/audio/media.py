"""Write small recordings of every format, by soundfile or by PyAV."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile

BY_SOUNDFILE = {  # ending: libsndfile's format and subtype, where the ending does not name them
    ".wave": ("WAV", "PCM_16"),
    ".aifc": ("AIFF", "FLOAT"),
    ".aif": ("AIFF", "PCM_16"),
    ".snd": ("AU", "PCM_16"),
    ".oga": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
}
BY_AV = {  # ending: FFmpeg's container, codec and sample rate
    ".m4a": ("ipod", "aac", 48_000),
    ".m4b": ("ipod", "aac", 48_000),
    ".mp4": ("mp4", "aac", 48_000),
    ".mov": ("mov", "aac", 48_000),
    ".3gp": ("3gp", "aac", 48_000),
    ".aac": ("adts", "aac", 48_000),
    ".amr": ("amr", "libopencore_amrnb", 8_000),
    ".webm": ("webm", "libopus", 48_000),
    ".weba": ("webm", "libopus", 48_000),
    ".mkv": ("matroska", "aac", 48_000),
    ".mka": ("matroska", "aac", 48_000),
    ".wma": ("asf", "wmav2", 48_000),
    ".wv": ("wv", "wavpack", 48_000),
    ".mp2": ("mp2", "mp2", 48_000),
}


def tone(rate: int, seconds: float = 1.0) -> np.ndarray:
    """Return float32 `[samples]` of 440 Hz within ±0.5."""
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate, dtype=np.float32)


def chirp(samples: int = 13_000, rate: int = 44_100) -> np.ndarray:
    """Return float32 `[samples]` of a tone that rises from 300 Hz, by which a delay shows."""
    t = np.arange(samples) / rate
    return (0.4 * np.sin(2 * np.pi * (300 * t + 4000 * t**2))).astype(np.float32)


def write_tone(path: Path) -> int:
    """Write a second of a tone in the format that the ending names; return its rate in Hz."""
    ending = path.suffix
    if ending in BY_AV:
        container, codec, rate = BY_AV[ending]
        write_media(path, container, codec, rate, tone(rate))
        return rate
    container, subtype = BY_SOUNDFILE.get(ending, (ending[1:].upper(), None))
    soundfile.write(path, tone(16_000), 16_000, format=container, subtype=subtype)
    return 16_000


def write_media(
    path: Path,
    container: str,
    codec: str,
    rate: int,
    wave: np.ndarray,
    layout: str = "mono",
    options: dict[str, str] | None = None,
) -> None:
    """Write `[samples]` or `[channels, samples]` by PyAV; `options` are of the container."""
    import av

    with av.open(str(path), "w", format=container, options=options or {}) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = 12_200 if "amr" in codec else 64_000 * len(np.atleast_2d(wave))
        if codec == "libopus" and len(np.atleast_2d(wave)) > 2:
            stream.codec_context.options = {"mapping_family": "1"}
        if codec == "vorbis":  # FFmpeg's own, of two channels
            stream.codec_context.options = {"strict": "experimental"}
        packed = np.atleast_2d(wave).T.reshape(1, -1)  # PyAV takes no 8 channels apart
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        context = stream.codec_context
        context.open()
        resampler = av.AudioResampler(
            format=context.format, layout=layout, rate=rate, frame_size=context.frame_size
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))


def copy_packets(source: Path, target: Path) -> None:
    """Write the first audio track to another container as it is, by PyAV."""
    import av

    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = written.add_stream_from_template(read.streams.audio[0])
        for packet in read.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
