#!/bin/sh
# soxr 1.1.0
# A guess: digital silence, resampled as int16, stays silent.
# What happens: soxr adds dither to int16. Float samples have none.
# Seen on 2026-11-28: of 44,100 zeros from 16 kHz about 23 % are 1 or -1; as float32 none.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install soxr==1.1.0 numpy==2.4.6
"$python" - <<'END'
import sys

import numpy as np
import soxr

seen = {}
for dtype in ("int16", "int32", "float32"):
    out = soxr.resample(np.zeros(16_000, dtype), 16_000, 44_100)
    seen[dtype] = np.count_nonzero(out) / len(out)
    print(f"{dtype}: {len(out)} samples between {out.min()} and {out.max()}, {seen[dtype]:.1%} not 0")
if not seen["int16"] > 0.1 or seen["float32"]:
    sys.exit("changed: see the top of this script")
END
