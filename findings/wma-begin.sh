#!/bin/sh
# av 18.1.0 (FFmpeg 8.1.2)
# A guess: sound that FFmpeg writes as WMA and reads again is whole, if late by a codec's delay.
# What happens: the first 2,048 samples (43 ms at 48 kHz) are lost.
# Seen on 2026-11-28: of 48,000 samples 47104 come back, which begin at sample 2048; 48 and 44.1 kHz alike.
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

SAMPLES = 48_000
lost = []
for rate in (48_000, 44_100):
    t = np.arange(SAMPLES) / rate
    sweep = (0.4 * np.sin(2 * np.pi * (300 * t + 4000 * t**2))).astype(np.float32)
    file = io.BytesIO()
    with av.open(file, "w", format="asf") as out:
        stream = out.add_stream("wmav2", rate=rate, layout="mono")
        stream.bit_rate = 64_000
        frame = av.AudioFrame.from_ndarray(sweep[None], format="flt", layout="mono")
        frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        back = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    begin = int(np.correlate(sweep[:8192], back[:4096], "valid").argmax())
    error = np.abs(back[:4096] - sweep[begin : begin + 4096]).max()
    print(f"{rate} Hz: {len(back)} of {SAMPLES} samples; begins at sample {begin} (within {error:.3f})")
    lost.append(begin)
if lost != [2048, 2048]:
    sys.exit("changed: see the top of this script")
END
