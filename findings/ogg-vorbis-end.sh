#!/bin/sh
# av 18.1.0 (FFmpeg 8.1.2), soundfile 0.14.0 (libsndfile 1.2.2)
# A guess: FFmpeg and libsndfile give the same samples of one Ogg Vorbis file.
# What happens: of a file so short that all its sound lies in one page, FFmpeg leaves out the last
# 128 samples, also after copying it to Matroska. Longer files are whole.
# Seen on 2026-11-28: 1 s at 48 kHz: soundfile 48000, FFmpeg 47872, the same as the first; 3 s: 144000 both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install soundfile==0.14.0 numpy==2.4.6 av==18.1.0
"$python" - <<'END'
import io
import sys

import av
import numpy as np
import soundfile

RATE = 48_000


def decoded(file):
    file.seek(0)
    with av.open(file) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def copied(file):
    file.seek(0)
    copy = io.BytesIO()
    with av.open(file) as source, av.open(copy, "w", format="matroska") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return copy


lost = []
for seconds in (1, 3):
    file = io.BytesIO()
    t = np.arange(seconds * RATE) / RATE
    sweep = 0.4 * np.sin(2 * np.pi * (300 * t + 400 * t**2))
    soundfile.write(file, sweep, RATE, format="OGG", subtype="VORBIS")
    file.seek(0)
    whole, _ = soundfile.read(file, dtype="float32")
    by_ffmpeg, from_copy = decoded(file), decoded(copied(file))
    same = np.abs(by_ffmpeg - whole[: len(by_ffmpeg)]).max() < 1e-5
    print(
        f"{seconds} s: soundfile {len(whole)}, FFmpeg {len(by_ffmpeg)}, "
        f"from a copy in Matroska {len(from_copy)}; the same as far as they go: {same}"
    )
    lost += [len(whole) - len(by_ffmpeg), len(whole) - len(from_copy)]
if lost != [128, 128, 0, 0]:
    sys.exit("changed: see the top of this script")
END
