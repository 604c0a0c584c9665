"""Code samples by an encoder of FFmpeg and decode them again, in packets, without a container.

Through PyAV (the extra `media`), whose wheels bring libopus and LAME for each system. Only the
packets count as bits; the decoder is told of the encoder's delay and cuts it off.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from vocable.audio import Audio
from vocable.errors import MeasureError

_LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True)
class AvCoder:
    """An encoder and a decoder of FFmpeg, by their names, and the encoder's options.

    sample_format   what the encoder takes: "flt" (channels in turn) or "fltp" (one by one)
    """

    encoder: str
    decoder: str
    sample_format: str
    options: Mapping[str, str]

    def code(self, audio: Audio, bitrate: int) -> tuple[Audio, int]:
        """Return what comes back of a recording, and the bits of all packets.

        At the decoder's rate, with what it adds at the end. MeasureError for more than two
        channels, and for a rate or bitrate that the encoder does not take.
        """
        import av

        if audio.channels not in _LAYOUTS:
            raise MeasureError(
                f"{self.encoder} takes one or two channels, got {audio.channels}; mix them down"
            )
        try:
            encoder = self._open_encoder(audio, bitrate)
        except (av.FFmpegError, ValueError) as error:
            what = f"{bitrate} bit/s at {audio.rate} Hz"
            raise MeasureError(f"{self.encoder} does not take {what} ({error})") from error
        packets = [
            packet
            for frame in [*_frames(audio, encoder.frame_size, self.sample_format), None]
            for packet in encoder.encode(frame)
        ]
        bits = 8 * sum(packet.size for packet in packets)
        return self._decode(encoder, packets), bits

    def _open_encoder(self, audio: Audio, bitrate: int) -> Any:
        import av

        context: Any = av.CodecContext.create(self.encoder, "w")
        context.sample_rate = audio.rate
        context.layout = _LAYOUTS[audio.channels]
        context.format = self.sample_format
        context.bit_rate = bitrate
        context.options = dict(self.options)
        context.open()
        return context

    def _decode(self, encoder: Any, packets: list[Any]) -> Audio:
        import av

        context: Any = av.CodecContext.create(self.decoder, "r")
        context.extradata = encoder.extradata
        context.sample_rate = encoder.sample_rate
        context.layout = encoder.layout
        convert = av.AudioResampler(format="fltp")
        blocks = [
            part.to_ndarray()
            for packet in packets
            for frame in context.decode(packet)
            for part in convert.resample(frame)
        ]
        return Audio(np.concatenate(blocks, axis=1), context.sample_rate, allow_loud=True)


def version() -> dict[str, str]:
    """Return which PyAV and FFmpeg code: wheels of one version of PyAV have the same encoders."""
    import av

    numbers = av.library_versions["libavcodec"]
    return {"av": importlib.metadata.version("av"), "libavcodec": ".".join(map(str, numbers))}


def is_installed(encoder: str) -> bool:
    """Return whether PyAV is there, and has this encoder."""
    try:
        import av
    except ImportError:
        return False
    return encoder in av.codecs_available


def _frames(audio: Audio, size: int, sample_format: str) -> Iterator[Any]:
    import av

    for start in range(0, len(audio), size):
        block: Float32[np.ndarray, "channels samples"] = audio.samples[:, start : start + size]
        if sample_format == "flt":
            block = block.T.reshape(1, -1)
        layout = _LAYOUTS[audio.channels]
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block), format=sample_format, layout=layout
        )
        frame.sample_rate, frame.pts = audio.rate, start
        yield frame
