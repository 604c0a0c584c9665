#!/bin/sh
# torch 2.13.0
# A guess: setting torch.backends.mkldnn.conv.fp32_precision back to the value that it had leaves all
# as it was.
# What happens: a value that came from torch.backends.fp32_precision becomes its own, and no longer
# follows. Only "none" makes it follow again.
# Seen on 2026-11-28: after "ieee" is put back and everything is set to "tf32": conv ieee, matmul tf32;
#       after conv is set to "none": conv tf32.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 numpy==2.4.6
"$python" - <<'END'
import sys

import torch

every, cpu = torch.backends, torch.backends.mkldnn
every.fp32_precision = "ieee"
before = cpu.conv.fp32_precision
cpu.conv.fp32_precision = before
every.fp32_precision = "tf32"
restored = cpu.conv.fp32_precision, cpu.matmul.fp32_precision
cpu.conv.fp32_precision = "none"
follows = cpu.conv.fp32_precision
print(f'conv was {before}; put back, then all set to "tf32": conv {restored[0]}, matmul {restored[1]}')
print(f'after conv is set to "none": conv {follows}')
if (before, *restored, follows) != ("ieee", "ieee", "tf32", "tf32"):
    sys.exit("changed: see the top of this script")
END
