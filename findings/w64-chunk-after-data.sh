#!/bin/sh
# soundfile 0.14.0 (libsndfile 1.2.2)
# A guess: the sound of a W64 file ends where its `data` chunk ends, as in WAV.
# What happens: where another chunk follows, it is read as sound, with its header.
# Seen on 2026-11-28: WAV 16000 of 16000 samples, W64 18012: 24 + 4,000 bytes are 2,012 samples more.
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

BODY = bytes(4000)
GUID = b"junk" + bytes.fromhex("f3acd3118cd100c04f8edb8a")


def written(kind):
    file = io.BytesIO()
    sound = 0.5 * np.sin(np.arange(16_000) * 0.05)
    soundfile.write(file, sound, 16_000, format=kind, subtype="PCM_16")
    return file.getvalue()


wav = written("WAV") + b"junk" + struct.pack("<I", len(BODY)) + BODY
wav = wav[:4] + struct.pack("<I", len(wav) - 8) + wav[8:]  # the size of the whole file
w64 = written("W64") + GUID + struct.pack("<Q", 24 + len(BODY)) + BODY
w64 = w64[:16] + struct.pack("<Q", len(w64)) + w64[24:]
seen = {kind: soundfile.info(io.BytesIO(data)).frames for kind, data in (("WAV", wav), ("W64", w64))}
print("16,000 samples and a chunk after them, read as:", seen)
if seen != {"WAV": 16_000, "W64": 18_012}:
    sys.exit("changed: see the top of this script")
END
