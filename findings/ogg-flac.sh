#!/bin/sh
# soundfile 0.14.0 (libsndfile 1.2.2), av 18.1.0 (FFmpeg 8.1.2)
# A guess: what reads FLAC and what reads Ogg reads FLAC in Ogg.
# What happens: libsndfile as the wheel brings it knows the format, and cannot open it.
# Seen on 2026-11-28: "unknown error in flac decoder"; FFmpeg gives 16000 samples.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install soundfile==0.14.0 numpy==2.4.6 av==18.1.0
"$python" - <<'END'
import io
import sys
from fractions import Fraction

import av
import numpy as np
import soundfile

RATE = 16_000
sound = (0.5 * np.sin(np.arange(RATE) * 0.05)).astype(np.float32)


def written(container):
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream("flac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[None], format="flt", layout="mono")
        frame.rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


print("FLAC alone, by soundfile:", soundfile.info(io.BytesIO(written("flac"))).frames)
ogg = written("ogg")
with av.open(io.BytesIO(ogg)) as file:
    print("FLAC in Ogg, by FFmpeg:", sum(frame.samples for frame in file.decode(audio=0)))
try:
    frames = soundfile.info(io.BytesIO(ogg)).frames
except soundfile.LibsndfileError as error:
    print("FLAC in Ogg, by soundfile:", error.error_string)
else:
    sys.exit(f"changed: soundfile reads {frames} samples of FLAC in Ogg")
END
