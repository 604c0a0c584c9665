#!/bin/sh
# moshi 0.2.13, transformers 5.23.0
# A guess: after load_state_dict, Mimi decodes with the weights that were loaded.
# What happens: a file holds sums and counts; entries are formed from them at first use, and kept. A
# model that was used, and then loaded, goes on with the entries that it had; all its other weights
# are the new ones.
# Seen on 2026-11-28: entries of a codebook that was used, then loaded, are 2.1 (moshi) and 3.4
#       (transformers) apart from those of one that was loaded, then used; their state dicts are
#       equal.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
# moshi asks for older versions than these, with which it works
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 numpy==2.4.6 einops==0.8.2 \
  transformers==5.23.0 sentencepiece==0.2.3
"$python" -m pip --quiet --disable-pip-version-check install --no-deps moshi==0.2.13
"$python" - <<'END'
import sys

import torch
from moshi.quantization.core_vq import EuclideanCodebook
from transformers import MimiConfig
from transformers.models.mimi.modeling_mimi import MimiEuclideanCodebook

SIZE, DIM = 8, 4
torch.manual_seed(0)
config = MimiConfig(codebook_size=SIZE, codebook_dim=DIM)
codes = torch.arange(SIZE)
seen = []
for name, make in (("moshi", lambda: EuclideanCodebook(DIM, SIZE)),
                   ("transformers", lambda: MimiEuclideanCodebook(config))):  # fmt: skip
    wanted, used, fresh = make(), make(), make()
    sums = [key for key in wanted.state_dict() if key.endswith("_sum")][0]
    wanted.get_buffer(sums).normal_()
    used.decode(codes)  # all entries are 0
    used.load_state_dict(wanted.state_dict())
    fresh.load_state_dict(wanted.state_dict())
    equal = all(torch.equal(a, b) for a, b in
                zip(used.state_dict().values(), fresh.state_dict().values()))  # fmt: skip
    apart = float((used.decode(codes) - fresh.decode(codes)).abs().max())
    print(f"{name}: entries of used, then loaded, and of loaded, then used: {apart:.1f} apart; "
          f"equal state dicts: {equal}")
    seen.append(equal and apart > 1)
if seen != [True, True]:
    sys.exit("changed: see the top of this script")
END
