#!/bin/sh
# soundfile 0.14.0 (libsndfile 1.2.2, with mpg123)
# A guess: an MP3 read in blocks gives the same samples as in one go, as FLAC, Vorbis and Opus do.
# What happens: after each read, soundfile seeks to where it is already. In MP3 that throws away the
# bits that a frame takes from earlier ones, so that each block but the first begins wrongly.
# Seen on 2026-11-28: a sweep of ±0.4 in blocks of 1 s is off by up to 0.47, 22 % of it by more than 0.01. Sound
#       whose frames take nothing from earlier ones shows nothing. mpg123's own lines on stderr
#       ("part2_3_length ... too large") come from there.
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

RATE = 16_000
t = np.arange(4 * RATE) / RATE
sweep = 0.4 * np.sin(2 * np.pi * (300 * t + 400 * t**2))
off = {}
for kind in ("FLAC", "OGG", "MP3"):
    file = io.BytesIO()
    soundfile.write(file, sweep, RATE, format=kind)
    file.seek(0)
    whole, _ = soundfile.read(file)
    file.seek(0)
    blocks = np.concatenate(list(soundfile.blocks(file, RATE)))
    difference = np.abs(whole - blocks)
    off[kind] = difference.max()
    share = 100 * np.mean(difference > 0.01)
    print(
        f"{kind}: read whole, within {np.abs(whole - sweep).max():.3f} of the sweep; "
        f"blocks differ from that by up to {off[kind]:.3f}, {share:.1f} % by more than 0.01"
    )
if off["FLAC"] or off["OGG"] or off["MP3"] < 0.1:
    sys.exit("changed: see the top of this script")
END
