#!/bin/sh
# moshi 0.2.13
# A guess: Mimi is causal, and moshi's streaming encoder gives for each frame what its own encoder
# gives for the whole recording.
# What happens: it does for as many rows as attention sees (250 in the published model: 10 s), and
# then no longer. A frame is two rows; both are written into the ring of keys and values before
# either attends, and the ring has room for what one row sees: the first of the two lacks its
# oldest row.
# Seen on 2026-11-28: a toy whose attention sees 20 rows, which are 10 frames: frames 0 to 9 differ
#       by 0.0000004 at most, each from 10 on by 0.0055 or more; latents spread by 0.31. In a ring
#       of 4, rows 4 and 5 find the rows 2 to 5; row 4 should see 1 to 4.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
# moshi asks for older versions than these, with which it works
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 numpy==2.4.6 einops==0.8.2 \
  huggingface_hub==2.4.0 safetensors==0.8.0 sentencepiece==0.2.3
"$python" -m pip --quiet --disable-pip-version-check install --no-deps moshi==0.2.13
NO_TORCH_COMPILE=1 "$python" - <<'END'
import sys

import torch
from moshi.models import loaders
from moshi.modules.transformer import RingKVCache

FRAME, CONTEXT = 12, 20  # samples; rows, of which a frame has two
torch.manual_seed(0)
torch.set_grad_enabled(False)
config = dict(loaders._mimi_config, frame_rate=2000.0)
config["seanet"] = config["seanet"] | dict(n_filters=4, ratios=[3, 2], dimension=32)
config["quantizer"] = config["quantizer"] | dict(input_dimension=32, output_dimension=32)
config["transformer"] = config["transformer"] | dict(
    d_model=32, num_heads=4, num_layers=2, context=CONTEXT, dim_feedforward=64,
    input_dimension=32, output_dimensions=[32], layer_scale=1.0,
)  # fmt: skip
model = loaders.get_mimi(None, config)  # random weights

x = torch.randn(1, 1, 40 * FRAME)
whole = model.encode_to_latent(x, quantize=False)
with model.streaming(1):
    steps = [model.encode_to_latent(part, quantize=False) for part in x.split(FRAME, 2)]
apart = (whole - torch.cat(steps, 2)).abs().amax((0, 1))
full = CONTEXT // 2  # frames until a row sees as many as it may
before, after = float(apart[:full].max()), float(apart[full:].min())
print(f"whole and stream: frames 0 to {full - 1} differ by {before:.7f} at most, "
      f"each from {full} on by {after:.4f} or more; latents spread by {whole.std():.2f}")

ring = RingKVCache(1, 1, 1, 4, device=torch.device("cpu"), dtype=torch.float32)
for _ in range(3):  # rows 0 and 1, 2 and 3, 4 and 5
    pair = torch.zeros(1, 1, 2, 1)
    found = ring.complete(pair, pair, torch.ones(1, dtype=torch.bool))
rows = sorted(found.positions[0].tolist())
print(f"in a ring of 4, rows 4 and 5 find the rows {rows}")
if not (before < 1e-5 and after > 1e-3 and rows == [2, 3, 4, 5]):
    sys.exit("changed: see the top of this script")
END
