#!/bin/sh
# soundfile 0.14.0 (libsndfile 1.2.2), av 18.1.0 (FFmpeg 8.1.2)
# A guess: six channels copied by soundfile from WAV or FLAC to OGG stay what they are.
# What happens: libsndfile hands the columns to Vorbis and Opus as they come. These have another
# order (left, centre, right, back left, back right, low frequencies): the centre is played right,
# and the last channel loses all but its low frequencies. soundfile reads them back as written.
# Seen on 2026-11-28: tones of 300 (left) 400 (right) 500 (centre) 60 (low) 700 800 (back) Hz are played by
#       FLAC as written, by OGG as left 300, right 500, centre 400, back left 60, back right 700;
#       the 800 Hz are gone.
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
PLACES = ["left", "right", "centre", "low", "back left", "back right"]
TONES = [300, 400, 500, 60, 700, 800]
t = np.arange(RATE) / RATE
sound = np.stack([0.3 * np.sin(2 * np.pi * hertz * t) for hertz in TONES], axis=1)


def played(kind, subtype):
    """Return what FFmpeg, which names the channels, plays where, in Hz."""
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, format=kind, subtype=subtype)
    file.seek(0)
    with av.open(file) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        channels = np.concatenate(frames, axis=1).astype(float)
    if len(channels) == 1:  # packed
        channels = channels.reshape(-1, len(PLACES)).T
    loudest = np.abs(np.fft.rfft(channels[:, : RATE // 2])).argmax(axis=1) * 2
    return dict(zip(PLACES, loudest.tolist()))


seen = {kind: played(*kind) for kind in [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS")]}
for kind, places in seen.items():
    print(*kind, places)
flac, *others = seen.values()
if list(flac.values()) != TONES:
    sys.exit("changed: FLAC is no longer played as written")
for places in others:
    if (places["right"], places["centre"], places["back left"]) != (500, 400, 60):
        sys.exit("changed: see the top of this script")
END
