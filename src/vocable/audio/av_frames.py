"""Turn FFmpeg's frames of sound into float32 arrays, channels in the order of WAV."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import AudioError

# The order of channels in WAV, which FFmpeg gives for every layout that has a name.
WAV_ORDER = [
    *("FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR"),
    *("TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR"),
]
_LISTED = re.compile(r"\d+ channels \((.+)\)")  # how FFmpeg names a layout that has none
_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
_DTYPES = {name + end: np.dtype(code) for name, code in _TYPES.items() for end in ("", "p")}


def take_layout(context: Any) -> list[int]:
    """Return a stream's channels by index, in the order of WAV. Call it once, before anything else.

    PyAV 18.1 frees the list of channels of a layout without a name at every look, by which the
    second one ends the process. So the layout is replaced after one look.
    """
    layout = context.layout
    channels, name = layout.nb_channels, layout.name
    del layout
    if channels == 0:
        raise AudioError("its audio track states no channels")
    context.layout = f"{channels} channels"
    listed = _LISTED.fullmatch(name)
    names = listed[1].split("+") if listed else []
    known = len(set(names)) == channels and set(names) <= set(WAV_ORDER)
    return sorted(range(channels), key=lambda at: WAV_ORDER.index(names[at]) if known else at)


class FloatFrames:
    """Makes FFmpeg's frames float32 `[channels, samples]` within ±1.

    Not by `frame.to_ndarray()`, which reads past the end of memory from 8 separate channels up.
    """

    def __init__(self, order: list[int]) -> None:
        from av.audio.plane import AudioPlane

        self._order = order
        self._plane: Any = AudioPlane  # the memory of a channel, or of all of them interleaved

    def convert(self, frame: Any) -> np.ndarray:
        """Return the samples of a frame, its channels in order."""
        name, samples = frame.format.name, frame.samples
        dtype = _DTYPES[name]
        if not name.endswith("p"):
            values = np.frombuffer(self._plane(frame, 0), dtype, samples * len(self._order))
            return _scaled(values.reshape(samples, -1).T[self._order])
        rows = [np.frombuffer(self._plane(frame, at), dtype, samples) for at in self._order]
        return _scaled(np.array(rows) if len(rows) > 1 else rows[0][None])


def _scaled(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.float32:
        return array
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.uint8:
        return (array.astype(np.float32) - 128) / 128
    return (array / 2.0 ** (8 * array.dtype.itemsize - 1)).astype(np.float32)
