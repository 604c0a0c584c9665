#!/bin/sh
# soundfile 0.14.0 (libsndfile 1.2.2)
# A guess: floats written as 16 bits are the same integers in every lossless format.
# What happens: FLAC rounds them to the nearest; WAV, AIFF, W64, CAF and AU round down (not to zero),
# so that faint noise gets a mean of half a step below zero. The scale is 2**15, and 1.0 is clipped.
# Seen on 2026-11-28: of 0.9 -0.1 -0.9 1.5 steps, FLAC 1 0 -1 2; the others 0 -1 -1 1; the means 0.0 and -0.5.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install soundfile==0.14.0 numpy==2.4.6
"$python" - <<'END'
import io
import sys

import numpy as np
import soundfile

steps = np.array([0.9, -0.1, -0.9, 1.5, 32767.0, 32768.0])
noise = np.random.default_rng(0).normal(0, 3, 100_000)  # of 3 steps
seen = {}
for kind in ("FLAC", "WAV", "AIFF", "W64", "CAF", "AU"):
    file = io.BytesIO()
    floats = (np.concatenate([steps, noise]) / 2**15).astype(np.float32)
    soundfile.write(file, floats, 16_000, format=kind, subtype="PCM_16")
    file.seek(0)
    samples, _ = soundfile.read(file, dtype="int16")
    seen[kind] = samples[: len(steps)].tolist()
    print(f"{kind:4}", seen[kind], f"mean of the noise {samples[len(steps) :].mean():+.2f}")
rounded, cut = seen.pop("FLAC"), [0, -1, -1, 1, 32767, 32767]
if rounded != [1, 0, -1, 2, 32767, 32767] or any(row != cut for row in seen.values()):
    sys.exit("changed: see the top of this script")
END
