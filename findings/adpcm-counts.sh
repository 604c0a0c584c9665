#!/bin/sh
# soundfile 0.14.0 (libsndfile 1.2.2)
# A guess: the chunk `fact` holds the number of samples, and what wrote it reads that many.
# What happens: MS ADPCM in WAV states the number, and is read to the end of its last block; IMA
# ADPCM in WAV states whole blocks; MS ADPCM in W64 states a number near 2**63.
# Seen on 2026-11-28: of 10,001 samples at 16 kHz: WAV MS_ADPCM 10001, read as 10120; WAV IMA_ADPCM 10170 both;
#       W64 MS_ADPCM 0x7fffffffffffd8ef, read as 10120.
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
seen = []
for kind, subtype in [("WAV", "MS_ADPCM"), ("WAV", "IMA_ADPCM"), ("W64", "MS_ADPCM")]:
    file = io.BytesIO()
    soundfile.write(file, sound, 16_000, format=kind, subtype=subtype)
    file.seek(0)
    data = file.getvalue()
    at = data.index(b"fact")
    form, skip = ("<Q", 24) if kind == "W64" else ("<I", 8)
    (stated,) = struct.unpack_from(form, data, at + skip)
    read = soundfile.info(file).frames
    seen.append((stated, read))
    print(f"{kind} {subtype}: fact {stated} ({stated:#x}), read as {read}")
if seen != [(10_001, 10_120), (10_170, 10_170), (0x7FFFFFFFFFFFD8EF, 10_120)]:
    sys.exit("changed: see the top of this script")
END
