#!/bin/sh
# pocketsphinx 5.1.1
# A guess: what a Decoder makes of a recording does not depend on what it heard before: utterances are
# whole (`full_utt=True`), and their mean is their own (`cmn` is "batch").
# What happens: noise removal is on, and goes on with what it has learnt of the utterances before. Words, scores
# and times of phones change with the order of recordings. `reinit_feat()` before each makes them the same.
# Seen on 2026-11-29: two seconds of a buzz, three times in a row by one decoder: three scores and two texts;
#       with `reinit_feat()`, one of each.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install pocketsphinx==5.1.1 numpy==2.4.6
"$python" - <<'END'
import sys

import numpy as np
from pocketsphinx import Decoder

RATE = 16_000
time = np.arange(2 * RATE) / RATE
pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * time)
buzz = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 20))
hiss = 60 * np.random.default_rng(0).standard_normal(len(time))
pcm = (1000 * buzz * (np.sin(4 * np.pi * time) > -0.3) + hiss).astype(np.int16).tobytes()
decoder = Decoder(samprate=float(RATE), loglevel="FATAL")


def heard(*, anew):
    if anew:
        decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return found.hypstr, round(found.score, 6)


kept = [heard(anew=False) for _ in range(3)]
fresh = [heard(anew=True) for _ in range(3)]
print("one after the other:", kept)
print("with reinit_feat():", fresh)
if len(set(kept)) == 1 or len(set(fresh)) > 1 or kept[0] != fresh[0]:
    sys.exit("changed: see the top of this script")
END
