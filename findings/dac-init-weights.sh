#!/bin/sh
# descript-audio-codec 1.0.0, torch 2.13.0
# A guess: DAC's convolutions begin with the weights that its init_weights() gives them: a truncated
# normal distribution of standard deviation 0.02.
# What happens: they show them until the first forward pass. torch.nn.utils.weight_norm keeps
# `weight` as a plain tensor and forms it anew from weight_g and weight_v before each pass: these
# still hold torch's default, 1 / sqrt(3 * inputs). Only the biases stay as they were set.
# Seen on 2026-11-28: the first weight spreads by 0.0188, what is stored by 0.2194; after a pass
#       0.2194; biases 0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 numpy==2.4.6 einops==0.8.2 \
  tqdm==4.70.1
# without torchaudio, which has no build for this torch, and what else its training and files want
"$python" -m pip --quiet --disable-pip-version-check install --no-deps descript-audio-codec==1.0.0
"$python" -W ignore - <<'END'
import sys
from types import SimpleNamespace
from unittest.mock import MagicMock

import torch

base = type("BaseModel", (torch.nn.Module,), dict(INTERN=[], EXTERN=[]))  # saves and loads files
ml = SimpleNamespace(BaseModel=base, Accelerator=MagicMock())
tools = SimpleNamespace(ml=ml, AudioSignal=object, STFTParams=MagicMock())
sys.modules |= {"audiotools": tools, "audiotools.ml": ml, "audiotools.core": MagicMock(),
                "argbind": MagicMock()}  # fmt: skip
from dac import DAC

torch.manual_seed(0)
model = DAC(encoder_rates=[2], decoder_rates=[2], decoder_dim=64).eval()
conv = model.encoder.block[0]  # 1 channel, kernel 7: the default spreads by 1 / sqrt(3 * 7) = 0.22


def spread():
    return float(conv.weight.std())


before, stored = spread(), float(torch._weight_norm(conv.weight_v, conv.weight_g, 0).std())
with torch.no_grad():
    model(torch.randn(1, 1, 2048))
after, bias = spread(), float(conv.bias.abs().max())
print(f"spread of the first weight: {before:.4f}, what is stored {stored:.4f}; "
      f"after a pass {after:.4f}; biases {bias:.1f}")
if not (before < 0.04 and after > 0.1 and abs(after - stored) < 1e-6 and bias == 0):
    sys.exit("changed: see the top of this script")
END
