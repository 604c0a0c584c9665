#!/bin/sh
# soundfile 0.14.0 (libsndfile 1.2.2), lameenc 1.9.0, av 18.1.0 (FFmpeg 8.1.2)
# A guess: an MP3 is read up to its last frame, whether or not an Info frame states its length.
# What happens: of an MP3 of variable bit rate without that frame, as encoders leave it that cannot
# go back, libsndfile guesses the length, and ends there without an error.
# Seen on 2026-11-28: loud first: soundfile states 28454 samples and gives 28454, FFmpeg finds 161280;
#       loud last: soundfile states 287424, and gives 161280.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install soundfile==0.14.0 numpy==2.4.6 lameenc==1.9.0 av==18.1.0
"$python" - <<'END'
import io
import sys

import av
import lameenc
import numpy as np
import soundfile

tone = 0.5 * np.sin(np.arange(32_000) * 0.05)  # 2 s
loud_first = np.concatenate([tone, np.zeros(128_000)])  # 10 s


def encoded(sound):
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(16_000)
    encoder.set_channels(1)
    encoder.set_vbr(4)
    encoder.set_vbr_quality(2)
    encoder.silence()
    return bytes(encoder.encode((sound * 32767).astype("<i2").tobytes()) + encoder.flush())


def counts(sound):
    data = encoded(sound)
    stated = soundfile.info(io.BytesIO(data)).frames
    given = len(soundfile.read(io.BytesIO(data))[0])
    with av.open(io.BytesIO(data)) as file:
        there = sum(frame.samples for frame in file.decode(audio=0))
    return stated, given, there


seen = [counts(loud_first), counts(loud_first[::-1])]
for name, (stated, given, there) in zip(("loud first", "loud last"), seen):
    print(f"{name}: soundfile states {stated} and gives {given}; FFmpeg finds {there}")
(_, given, there), (stated, *_) = seen
if given * 2 > there or stated < there * 1.5:
    sys.exit("changed: see the top of this script")
END
