"""Decode all recordings of a manifest once, to int16 at one rate, in one memory-mapped file.

The file lies in the folder of the run (5 hours at 16 kHz: 576 MB), so that a resumed run goes on at
once.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vocable.atomic import replacing
from vocable.audio import AudioReader, Resampler
from vocable.audio.manifest import Clip, read_manifest
from vocable.errors import AudioError, RecipeError
from vocable.train.data.conditioning import trim_and_normalise
from vocable.train.data.manifest import split
from vocable.train.data.tables import Augment, Data
from vocable.train.distributed import Distributed

_log = logging.getLogger(__name__)
FULL_SCALE = 32767  # int16 of a sample at 1.0


class Recordings:
    """Clips as int16 in one memory-mapped file.

    `samples` is all of them, `[samples, channels]`; `spans` is the (first, last + 1) sample of each
    of the `clips`. `fingerprint` changes with whatever the samples were made of.
    """

    def __init__(
        self, samples: np.ndarray, spans: np.ndarray, rate: int, clips: Sequence[Clip],
        fingerprint: str = "",
    ) -> None:  # fmt: skip
        self.samples, self.spans, self.rate, self.clips = samples, spans, rate, clips
        self.fingerprint = fingerprint

    @property
    def sets(self) -> list[str]:
        """The collection of each clip."""
        return [clip.set for clip in self.clips]

    @property
    def seconds(self) -> float:
        return float((self.spans[:, 1] - self.spans[:, 0]).sum()) / self.rate

    def clip(self, index: int) -> np.ndarray:
        """Return one clip as float32 `[channels, samples]`, full scale 1."""
        first, last = self.spans[index]
        return self.cut(int(first), int(last))

    def cut(self, first: int, last: int) -> np.ndarray:
        """Return samples `first` to `last` as float32 `[channels, samples]`, full scale 1."""
        part = np.asarray(self.samples[first:last].T, dtype=np.float32)
        return part / np.float32(FULL_SCALE)

    def __len__(self) -> int:
        return len(self.spans)


def open_recordings(
    manifest: Path,
    data: Data,
    augment: Augment,
    rate: int,
    channels: int,
    folder: Path,
    distributed: Distributed,
) -> tuple[Recordings, Recordings]:
    """Return what to train on and what is held out, decoded to `folder` by the main process."""
    train, held_out = split(read_manifest(manifest), data)
    folder.mkdir(parents=True, exist_ok=True)

    def decode() -> tuple[Recordings, Recordings]:
        return (
            decode_once(train, rate, augment, folder / "train.int16", channels),
            decode_once(held_out, rate, augment, folder / "held_out.int16", channels),
        )

    decoded = decode() if distributed.is_main else None
    distributed.wait()  # the others read what the main process has written
    return decoded or decode()


def decode_once(
    clips: Sequence[Clip], rate: int, augment: Augment, cache: Path, channels: int = 1
) -> Recordings:
    """Return the clips decoded to int16 at `rate`, from `cache` if it holds just these.

    Recordings are mixed to mono for `channels=1`; for more, the first ones are taken, and the last
    one is repeated where a recording has fewer.

    They are trimmed and brought to one loudness where `augment` says so. A clip that cannot be read
    is left out with a warning; RecipeError when none is left.
    """
    index = cache.with_suffix(".json")
    key = _fingerprint(clips, rate, augment, channels)
    known = _known_spans(index, cache, key, channels)
    if known is None:
        known = _write(clips, rate, augment, cache, channels)
        with replacing(index, overwrite=True) as fresh:
            fresh.write_text(json.dumps({"key": key, "spans": known}))
    spans = np.asarray(known, dtype=np.int64).reshape(-1, 3)
    samples = np.memmap(cache, dtype=np.int16, mode="r").reshape(-1, channels)
    return Recordings(samples, spans[:, :2], rate, [clips[i] for i in spans[:, 2]], key)


def _known_spans(
    index: Path, cache: Path, key: str, channels: int
) -> list[tuple[int, int, int]] | None:
    """Return what `_write` gave for this key; None where it has not been, or a file is damaged."""
    try:
        known = json.loads(index.read_text())
        spans = [(a, b, c) for a, b, c in known["spans"]] if known["key"] == key else []
        samples = max((last for _, last, _ in spans), default=0)
        whole = bool(spans) and cache.stat().st_size == samples * channels * 2
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return spans if whole else None


def _fingerprint(clips: Sequence[Clip], rate: int, augment: Augment, channels: int) -> str:
    names = [
        (str(c.path), c.start, c.end, c.path.stat().st_mtime_ns if c.path.exists() else 0)
        for c in clips
    ]
    settings = [rate, channels, augment.loudness_db, augment.trim_db]
    return hashlib.sha256(json.dumps([settings, names]).encode()).hexdigest()


def _write(
    clips: Sequence[Clip], rate: int, augment: Augment, cache: Path, channels: int
) -> list[tuple[int, int, int]]:
    """Write the samples; return (first, last + 1, index of the clip) of each that can be read."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    spans, written = [], 0
    with replacing(cache, overwrite=True) as fresh, fresh.open("wb") as file:
        for index, samples in _decode(clips, rate, channels):
            samples = _conditioned(samples, rate, augment)
            file.write(samples.tobytes())
            spans.append((written, written + len(samples), index))
            written += len(samples)
        if not written:
            raise RecipeError(f"none of the {len(clips)} recordings can be read; see the warnings")
    return spans


def _decode(clips: Sequence[Clip], rate: int, channels: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield clips by index; a packed file is read once for the parts that follow each other."""
    path, samples = None, np.zeros((0, channels), np.int16)
    for index, clip in enumerate(clips):
        if clip.path != path:
            path, samples = clip.path, np.zeros((0, channels), np.int16)
            try:
                samples = _read(clip.path, rate, channels)
            except (AudioError, OSError) as error:
                _log.warning("%s is left out: %s", clip.path, error)
        part = samples[round(clip.start * rate) : clip.end and round(clip.end * rate)]
        if len(part):
            yield index, part
        elif len(samples):
            _log.warning("%s ends before %g s: that part is left out", clip.path, clip.start)


def _conditioned(samples: np.ndarray, rate: int, augment: Augment) -> np.ndarray:
    """Return int16 samples trimmed and at the loudness that `augment` asks for."""
    if augment.trim_db is None and augment.loudness_db is None:
        return samples
    conditioned = trim_and_normalise(samples.T.astype(np.float32) / FULL_SCALE, rate, augment)
    return _to_int16(conditioned)


def _read(path: Path, rate: int, channels: int) -> np.ndarray:
    """Return a file at `rate` as int16 `[samples, channels]`, read in blocks to save memory."""
    joined = bytearray()
    with AudioReader(path) as reader:
        resampler = Resampler(reader.rate, rate, channels)
        for block in reader.blocks():
            joined += _to_int16(resampler.step(_with_channels(block, channels))).tobytes()
        joined += _to_int16(resampler.finish()).tobytes()
    return np.frombuffer(joined, np.int16).reshape(-1, channels)


def _with_channels(block: np.ndarray, channels: int) -> np.ndarray:
    if channels == 1:
        mixed: np.ndarray = block.mean(axis=0, keepdims=True)
        return mixed
    return block[np.minimum(np.arange(channels), len(block) - 1)]


def _to_int16(samples: np.ndarray) -> np.ndarray:
    """Return float `[channels, samples]` as int16 `[samples, channels]`."""
    rounded: np.ndarray = np.round(np.clip(samples.T, -1, 1) * FULL_SCALE).astype(np.int16)
    return rounded
