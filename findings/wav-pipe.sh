#!/bin/sh
# av 18.1.0 (FFmpeg 8.1.2); Python's own module wave
# A guess: a WAV has 44 bytes of header, and its header states its length.
# What happens: FFmpeg writes a LIST chunk before the samples, so they begin at byte 78. Into a pipe
# both sizes stay ffffffff, and Python's wave states 2**31 - 1 samples.
# Seen on 2026-11-28: 16,000 samples: data at 78, of ffffffff bytes; wave states 2147483647, and gives 16000.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install numpy==2.4.6 av==18.1.0
"$python" - <<'END'
import io
import sys
import wave
from fractions import Fraction

import av
import numpy as np

RATE = 16_000


class Pipe:
    """What can be written to, and not be sought in."""

    def __init__(self):
        self.written = bytearray()

    def write(self, data):
        self.written += data
        return len(data)


pipe = Pipe()
sound = np.arange(RATE, dtype=np.int16)
with av.open(pipe, "w", format="wav") as out:
    stream = out.add_stream("pcm_s16le", rate=RATE, layout="mono")
    frame = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
    frame.rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
data = bytes(pipe.written)
begin = data.index(b"data") + 8
size = data[begin - 4 : begin].hex()
with wave.open(io.BytesIO(data)) as file:
    stated = file.getnframes()
    given = len(file.readframes(stated)) // 2
print(data[:begin])
print(f"the samples begin at {begin}, of {size} bytes; wave states {stated} and gives {given}")
print("read from byte 44:", np.frombuffer(data[44:], "<i2")[:20].tolist())
if (begin, size, stated, given) != (78, "ffffffff", 2**31 - 1, RATE):
    sys.exit("changed: see the top of this script")
END
