#!/bin/sh
# lhotse 1.33.0, which needs torch, and urllib3, which it does not ask for
# A guess: a cut of a whole recording loads all frames of an array that was stored for it.
# What happens: it loads as many frames as lie nearest to its seconds. Codecs pad the last frame, so a recording that
# ends in the first half of a frame has one more: 51 frames of 20 ms were stored for 1.005 s, and 50 come back, without
# an error.
# Seen on 2026-12-01: TemporalArray in NumPy files.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install lhotse==1.33.0 torch==2.13.0 numpy==2.1.3 \
    urllib3==2.5.0
cd "$folder"
"$python" - <<'END'
import sys

import numpy
from lhotse import MonoCut, NumpyFilesWriter, Recording
from lhotse.audio import AudioSource

codes = numpy.arange(51)[:, None]
recording = Recording("a", [AudioSource("file", [0], "a.wav")], 16_000, 16_080, 1.005)
cut = MonoCut("a", 0.0, 1.005, 0, recording=recording)
with NumpyFilesWriter("arrays") as writer:
    cut.codes = writer.store_array("a", codes, frame_shift=0.02, temporal_dim=0, start=0)
print("stored:", cut.codes.shape, "loaded:", cut.load_codes().shape)
if cut.load_codes().shape != (50, 1):
    sys.exit("changed: see the top of this script")
END
