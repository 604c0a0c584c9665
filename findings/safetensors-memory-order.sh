#!/bin/sh
# safetensors 0.8.0, torch 2.13.0
# A guess: an array that does not lie row by row, such as a transposed one, is stored right or
# refused.
# What happens: safetensors.numpy stores its memory as it lies, under its shape: other values, and
# no error (0.7.0 stored them right). safetensors.torch refuses it; but a conjugate, which lies row
# by row and is only marked, it stores without the mark.
# Seen on 2026-11-28: the transpose of [[0, 1, 2], [3, 4, 5]] comes back as [[0, 1], [2, 3], [4, 5]];
#       torch refuses it; the conjugate 1-2j comes back as 1+2j.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install safetensors==0.8.0 numpy==2.4.6 torch==2.13.0
"$python" - <<'END'
import sys

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch

rows = np.arange(6.0).reshape(2, 3)
stored = safetensors.numpy.load(safetensors.numpy.save({"a": rows.T}))["a"]
print(f"numpy: {rows.T.tolist()} comes back as {stored.tolist()}")
try:
    safetensors.torch.save({"a": torch.from_numpy(rows).T})
    refused = False
except ValueError as error:
    refused = "non contiguous" in str(error)
print("torch refuses it:", refused)
number = torch.tensor([1 + 2j]).conj()
back = safetensors.torch.load(safetensors.torch.save({"a": number}))["a"]
print(f"torch: {number.item()} comes back as {back.item()}")
if (stored.tolist(), refused, back.item()) != ([[0, 1], [2, 3], [4, 5]], True, 1 + 2j):
    sys.exit("changed: see the top of this script")
END
