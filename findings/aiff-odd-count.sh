#!/bin/sh
# soundfile 0.14.0 (libsndfile 1.2.2)
# A guess: as many samples come back as were written; the byte that makes a chunk even is padding.
# What happens: an odd number of 8-bit samples in AIFF is written with the padding counted in (COMM
# says one more), and the zero byte is read as a sample: full scale in unsigned and µ-law samples.
# Seen on 2026-11-28: WAV 10001 samples; AIFF 10002, of which the last is -1.0 (PCM_U8), -0.98 (ULAW), 0.0 (PCM_S8).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install soundfile==0.14.0 numpy==2.4.6
"$python" - <<'END'
import io
import struct
import sys

import numpy as np
import soundfile

sound = 0.4 * np.sin(np.arange(10_001) * 0.05)
seen = {}
for kind, subtype in [("WAV", "PCM_U8"), ("AIFF", "PCM_U8"), ("AIFF", "ULAW"), ("AIFF", "PCM_S8")]:
    file = io.BytesIO()
    soundfile.write(file, sound, 16_000, format=kind, subtype=subtype)
    file.seek(0)
    samples, _ = soundfile.read(file)
    seen[kind, subtype] = len(samples)
    at = file.getvalue().find(b"COMM")
    stated = "" if at < 0 else f"COMM {struct.unpack_from('>I', file.getvalue(), at + 10)[0]}, "
    print(kind, subtype, f"{stated}{len(samples)} samples, the last {samples[-1]:.3f}")
if list(seen.values()) != [10_001, 10_002, 10_002, 10_002]:
    sys.exit("changed: see the top of this script")
END
