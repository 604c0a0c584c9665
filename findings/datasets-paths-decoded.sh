#!/bin/sh
# datasets 5.2.0
# A guess: a folder of recordings whose metadata names the files is listed without a decoder, as only paths are kept
# of them; a decoder is needed when a row is opened.
# What happens: load_dataset("audiofolder") fails on the first row with an ImportError that asks for torchcodec "to
# support encoding audio data", in an environment in which the `audio` extra is not installed, although nothing is
# encoded. The same rows by load_dataset("json") load, with their paths as text.
# Seen on 2026-11-29: three FLAC files, metadata.jsonl with file_name and text.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install datasets==5.2.0 soundfile==0.14.0
cd "$folder"
HF_HUB_OFFLINE=1 HF_DATASETS_CACHE="$folder/cache" "$python" - <<'END'
import json
import pathlib
import sys

import numpy
import soundfile
from datasets import load_dataset

made = pathlib.Path("made")
(made / "audio").mkdir(parents=True)
rows = []
for number in range(3):
    name = f"audio/{number}.flac"
    soundfile.write(made / name, numpy.zeros(16_000), 16_000)
    rows.append(json.dumps({"file_name": name, "text": "a sentence"}) + "\n")
(made / "metadata.jsonl").write_text("".join(rows))

found = load_dataset("json", data_files=str(made / "metadata.jsonl"))["train"]
print("json:", found[0])
try:
    load_dataset("audiofolder", data_dir=str(made))
except Exception as error:
    causes = [error]
    while causes[-1].__cause__:
        causes.append(causes[-1].__cause__)
    told = next((str(each) for each in causes if "torchcodec" in str(each)), "")
    print("audiofolder:", told)
    if not told:
        sys.exit("changed: see the top of this script")
else:
    sys.exit("changed: see the top of this script")
END
