#!/bin/sh
# encodec 0.1.1, transformers 5.23.0
# A guess: EnCodec's 48 kHz model normalises what a layer hands on.
# What happens: after a transposed convolution the rows at its edges (as many as its stride) are
# normalised with the others, and cut off then: what is never heard changes what is. Cutting first,
# which makes no difference in the models with weight norm, gives another sound.
# Seen on 2026-11-28: from normalising first both differ by 0.0000005 at most; from cutting first by
#       0.051 for 10 rows, by 0.0081 for the 150 of a segment, where values spread by 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 numpy==2.4.6 einops==0.8.2 \
  transformers==5.23.0
# without torchaudio, which has no build for this torch and only reads and resamples files here
"$python" -m pip --quiet --disable-pip-version-check install --no-deps encodec==0.1.1
"$python" -W ignore - <<'END'
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import torch
from torch.nn.functional import group_norm

torchaudio = ModuleType("torchaudio")
torchaudio.__spec__ = ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = torchaudio
from encodec.modules import SConvTranspose1d
from transformers import EncodecConfig
from transformers.models.encodec.modeling_encodec import EncodecConvTranspose1d

WIDE, NARROW, STRIDE = 16, 8, 8
torch.manual_seed(0)
torch.set_grad_enabled(False)
config = EncodecConfig(norm_type="time_group_norm", use_causal_conv=False)
theirs = SConvTranspose1d(WIDE, NARROW, 2 * STRIDE, STRIDE, norm="time_group_norm")
hub = EncodecConvTranspose1d(config, WIDE, NARROW, 2 * STRIDE, STRIDE)
hub.conv.load_state_dict(theirs.convtr.convtr.state_dict())
side = STRIDE // 2


def apart(a, b):
    return float((a - b).abs().max())


for rows in (10, 150):  # 150 are a segment
    x = torch.randn(1, WIDE, rows)
    spread = hub.conv(x)
    cut_last = group_norm(spread, 1)[..., side:-side]
    cut_first = group_norm(spread[..., side:-side], 1)
    for name, layer in (("encodec", theirs), ("transformers", hub)):
        y = layer(x)
        seen = apart(y, cut_last), apart(y, cut_first)
        print(f"{name}, {rows} rows: spread {y.std():.2f}; from normalising first {seen[0]:.7f}, "
              f"from cutting first {seen[1]:.4f}")
        if seen[0] > 1e-5 or seen[1] < 1e-3:
            sys.exit("changed: see the top of this script")
END
