#!/bin/sh
# lhotse 1.33.0, which needs torch, and urllib3, which it does not ask for
# A guess: a TemporalArray says which of its axes is time, so a cut that is truncated loads its part of that axis.
# What happens: it counts frames on the axis that was named, and cuts the first axis. Tokens of 8 levels and 50 frames,
# [8, 50] with temporal_dim=1, come from a cut of a tenth of the time as 5 levels of 50 frames, without an error.
# Seen on 2026-12-01: a second of tokens at 50 frames/s, in NumPy files.
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

codes = numpy.arange(400).reshape(8, 50)
recording = Recording("a", [AudioSource("file", [0], "a.wav")], 16_000, 16_000, 1.0)
cut = MonoCut("a", 0.0, 1.0, 0, recording=recording)
with NumpyFilesWriter("arrays") as writer:
    cut.codes = writer.store_array("a", codes, frame_shift=0.02, temporal_dim=1, start=0)

part = cut.truncate(duration=0.1).load_codes()
print("whole:", cut.load_codes().shape, "a tenth:", part.shape, "wanted: (8, 5)")
if part.shape != (5, 50):
    sys.exit("changed: see the top of this script")
END
