"""Write recordings of any length block by block; a file appears when it is complete."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile
from jaxtyping import Float32

from ..atomic import Replacement
from ..errors import AudioError
from .channel_order import wav_to_vorbis
from .formats import ORDERED_AS_VORBIS, WRITABLE
from .samples import MAX_CHANNELS, check_finite, check_rate
from .soundfile_decoder import encoded_path

log = logging.getLogger("vocable")

OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
MAX_SAMPLES = {"WAV": 2**31 - 64, "AIFF": 2**30 - 64}  # of all channels: 4 and 2 GiB
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
SYSTEM_ERROR = 2  # libsndfile's code for an error of the operating system
BLOCK = 2**16  # samples per write: libsndfile's Vorbis encoder puts a whole write on its stack


class AudioWriter:
    """Writes blocks to a recording at `target` ("-" is stdout, as WAV).

    The ending names the format. WAV, FLAC and AIFF have 16 bits: what was read from 16 bits is
    written back bit for bit, and samples beyond ±1 are clipped and counted in `clipped`. Channels
    are in WAV's order, whatever the format's own. As a context manager it puts the file in place at
    the end, and leaves nothing after an exception.

    Raises FileExistsError unless `overwrite`, FileNotFoundError where the folder is missing, and
    AudioError for an unknown ending, a rate or a number of channels that the format cannot hold,
    samples that are not finite, and a disk that is full.
    """

    rate: int  # Hz
    channels: int
    samples: int  # written so far, per channel
    clipped: int  # samples of all channels

    def __init__(
        self,
        target: str | os.PathLike[str],
        rate: int,
        channels: int = 1,
        *,
        overwrite: bool = False,
        expected: int = 0,
    ) -> None:
        """Open `target`. More samples than its format holds are refused now if they are `expected`.

        `expected` counts samples per channel.
        """
        self.name = "stdout" if str(target) == "-" else str(target)
        self.rate = check_rate(rate)
        self.channels = channels
        self.samples = 0
        self.clipped = 0
        self._format, self._subtype = format_of(target)
        _check_limits(self.name, self._subtype, self.rate, channels)
        self._check_size(expected)
        vorbis = self._subtype in ORDERED_AS_VORBIS
        self._order = list(wav_to_vorbis(channels)) if vorbis else slice(None)
        self._replacement = Replacement(target, overwrite=overwrite)
        try:
            path = encoded_path(str(self._replacement.path))
            self._file = soundfile.SoundFile(
                path, "w", self.rate, channels, self._subtype, format=self._format
            )
        except soundfile.LibsndfileError as error:
            self._replacement.discard()
            if error.code == SYSTEM_ERROR:
                raise self._write_error(error) from error
            raise AudioError(
                f"{self.name}: {self._format} cannot hold {channels} channels at {rate} Hz "
                f"({_reason(error)}); write .wav instead"
            ) from error
        except BaseException:
            self._replacement.discard()
            raise

    def write(self, block: Float32[np.ndarray, "channels samples"]) -> None:
        """Append samples within ±1."""
        if len(block) != self.channels:
            raise AudioError(f"{self.name}: block has {len(block)} channels, not {self.channels}")
        check_finite(block, self.rate, name=self.name, start=self.samples)
        self._check_size(block.shape[1])
        for start in range(0, block.shape[1], BLOCK):
            rows = block[self._order, start : start + BLOCK].T
            self._append(self._as_int16(rows) if self._subtype == "PCM_16" else rows)
            self.samples += len(rows)

    def close(self) -> None:
        """Finish the file and put it in place."""
        if self._file.closed:
            return
        try:
            self._file.close()
            self._replacement.commit()
        except (OSError, soundfile.LibsndfileError) as error:
            self.discard()
            if getattr(error, "errno", errno.ENOSPC) not in DISK_ERRORS:
                raise  # the target has appeared meanwhile, or the pipe was closed
            raise self._write_error(error) from error
        if self.clipped:
            log.warning("%s: %d samples beyond ±1 were clipped", self.name, self.clipped)

    def discard(self) -> None:
        """Remove what was written; after `close` this does nothing."""
        if not self._file.closed:
            self._file.close()
        self._replacement.discard()

    def __enter__(self) -> AudioWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _as_int16(self, rows: np.ndarray) -> np.ndarray:
        # libsndfile rounds floats in FLAC and cuts the fraction off in the other formats.
        scaled = np.round(rows * np.float32(2**15))
        self.clipped += int(np.count_nonzero((rows > 1) | (rows < -1)))
        return np.clip(scaled, -(2**15), 2**15 - 1).astype(np.int16)

    def _append(self, rows: np.ndarray) -> None:
        try:
            self._file.write(rows)
        except (AssertionError, OSError, soundfile.LibsndfileError) as error:
            raise self._write_error(error) from error

    def _check_size(self, more: int) -> None:
        limit = MAX_SAMPLES.get(self._format)
        if limit is not None and (self.samples + more) * self.channels > limit:
            seconds = limit // self.channels / self.rate
            raise AudioError(
                f"{self.name}: {self._format} ends after {seconds:.0f} s "
                f"of {self.channels} channels at {self.rate} Hz; write .flac or .w64 instead"
            )

    def _write_error(self, error: Exception) -> AudioError:
        folder = self._replacement.path.parent
        free = shutil.disk_usage(folder).free / 2**20
        return AudioError(
            f"{self.name}: writing failed after {self.samples / self.rate:.1f} s "
            f"({_reason(error)}; {free:.0f} MiB are free in {folder}); nothing is left of it: "
            "make room and run again"
        )


def format_of(target: str | os.PathLike[str]) -> tuple[str, str]:
    if str(target) == "-":
        return WRITABLE[".wav"]
    ending = Path(target).suffix.lower()
    if ending not in WRITABLE:
        raise AudioError(
            f"{target}: cannot write {ending or 'a file without an ending'}; "
            f"use one of {' '.join(WRITABLE)}"
        )
    return WRITABLE[ending]


def _check_limits(name: str, subtype: str, rate: int, channels: int) -> None:
    if not 0 < channels <= MAX_CHANNELS:
        raise AudioError(f"{name}: {channels} channels; 1 to {MAX_CHANNELS} can be written")
    if subtype == "OPUS" and rate not in OPUS_RATES:
        rates = ", ".join(map(str, OPUS_RATES))
        raise AudioError(f"{name}: Opus holds {rates} Hz, not {rate}; resample to one of them")


def _reason(error: Exception) -> str:
    if isinstance(error, soundfile.LibsndfileError) and error.code != SYSTEM_ERROR:
        return str(error.error_string).strip(" .").replace("Error : ", "")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "the disk took less than it was given"
