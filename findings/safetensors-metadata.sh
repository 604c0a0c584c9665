#!/bin/sh
# safetensors 0.8.0
# A guess: the same tensors and the same metadata give the same file, so its hash says what it holds.
# What happens: two or more keys of metadata are written in an order that changes from call to call.
# Seen on 2026-11-28: 64 calls give 1 file with one key, 20 or more with four (there are 24 orders).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install safetensors==0.8.0 numpy==2.4.6
"$python" - <<'END'
import hashlib
import sys

import numpy as np
from safetensors.numpy import save

tensors = {"weight": np.zeros(3, np.float32)}


def files(metadata):
    return len({hashlib.sha256(save(tensors, metadata=metadata)).digest() for _ in range(64)})


one = files({"format": "np"})
four = files({"format": "np", "author": "a", "licence": "b", "version": "c"})
print(f"64 calls give {one} file with one key of metadata, {four} with four")
if one != 1 or four == 1:
    sys.exit("changed: see the top of this script")
END
