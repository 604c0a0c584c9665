#!/bin/sh
# faster-whisper 1.2.1
# A guess: the voice detector that comes with it (Silero, `faster_whisper.vad.get_vad_model()`) reads the samples
# that it is given.
# What happens: it also writes. Where they are whole blocks of 512, the last 64 samples of the caller's array are 0
# afterwards: the array is seen through a view, whose last row of context is set to zero. `get_speech_timestamps`
# pads a copy first, so only who calls the model is hit.
# Seen on 2026-11-29: 64 of 32256 samples of noise changed, the last ones, all to 0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install faster-whisper==1.2.1 numpy==2.4.6
"$python" - <<'END'
import sys

import numpy as np
from faster_whisper.vad import get_vad_model

samples = (0.1 * np.random.default_rng(0).standard_normal(512 * 63)).astype(np.float32)
given = samples.copy()
get_vad_model()(samples)
changed = np.flatnonzero(samples != given)
print(f"{len(changed)} of {len(samples)} samples changed, from {changed[0] if len(changed) else '-'}")
if len(changed) != 64 or changed[0] != len(samples) - 64 or samples[-64:].any():
    sys.exit("changed: see the top of this script")
END
