#!/bin/sh
# torch 2.13.0, accelerate 1.15.0
# A guess: load_state_dict(assign=True) puts real tensors in the place of empty ones, wherever it
# is called.
# What happens: inside init_empty_weights() it reports that all keys match, and the parameters stay
# on the device "meta": accelerate moves whatever becomes a parameter there. After it, and
# inside torch's own `with torch.device("meta")`, it works.
# Seen on 2026-11-28: <All keys matched successfully>, then meta; cpu in the two others.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 accelerate==1.15.0
"$python" - <<'END'
import sys

import torch
from accelerate import init_empty_weights

weights = torch.nn.Linear(3, 2).state_dict()
with init_empty_weights():
    inside = torch.nn.Linear(3, 2)
    after = torch.nn.Linear(3, 2)
    print(inside.load_state_dict(weights, assign=True))
after.load_state_dict(weights, assign=True)
with torch.device("meta"):
    torchs = torch.nn.Linear(3, 2)
    torchs.load_state_dict(weights, assign=True)
seen = [module.weight.device.type for module in (inside, after, torchs)]
print("inside init_empty_weights, after it, inside torch's:", *seen)
if seen != ["meta", "cpu", "cpu"]:
    sys.exit("changed: see the top of this script")
END
