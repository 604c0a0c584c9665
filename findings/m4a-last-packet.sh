#!/bin/sh
# av 18.1.0 (FFmpeg 8.1.2)
# A guess: FFmpeg reads all the sound of an M4A that it has written.
# What happens: it writes the length of the edit in milliseconds, rounded. Where the last packet
# begins within the rounding, it leaves that packet out on reading.
# Seen on 2026-11-28: of 47,114 samples 47104 come back, of 5 none; with advanced_editlist=0 48128 and 1024
#       (whole frames).
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
from fractions import Fraction

import av
import numpy as np

RATE = 44_100


def written(samples):
    file = io.BytesIO()
    sound = (0.4 * np.sin(np.arange(samples) * 0.05)).astype(np.float32)
    with av.open(file, "w", format="ipod") as out:
        stream = out.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[None], format="flt", layout="mono")
        frame.rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def read(data, **options):
    with av.open(io.BytesIO(data), options=options) as file:
        return sum(frame.samples for frame in file.decode(audio=0))


seen = {}
for samples in (5, 47_114, 48_000):
    data = written(samples)
    seen[samples] = read(data), read(data, advanced_editlist="0")
    print(f"{samples} samples: {seen[samples][0]} come back; without the edit {seen[samples][1]}")
if seen != {5: (0, 1024), 47_114: (47_104, 48_128), 48_000: (48_128, 48_128)}:
    sys.exit("changed: see the top of this script")
END
