#!/bin/sh
# descript-audio-codec 1.0.0, transformers 5.23.0
# A guess: DAC gives back as many samples as it was given, since it fills up the last frame and cuts
# to the length at the end.
# What happens: at 16 and 24 kHz one stride is odd (5), and its transposed convolution gives 5 n - 1
# rows; the strides 4 and 2 after it make the one that is missing 8 samples. What ends in the last 7
# samples of a frame, or with it, comes back shorter.
# Seen on 2026-11-28: 3192 of 3200, 3192 of 3193, 3192 of 3192, 3191 of 3191 in DAC; 3192 of 3200 in
#       transformers; with even strides (2, 4, 8, 8) 5120 of 5120.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 numpy==2.4.6 einops==0.8.2 \
  tqdm==4.70.1 transformers==5.23.0
# without torchaudio, which has no build for this torch, and what else its training and files want
"$python" -m pip --quiet --disable-pip-version-check install --no-deps descript-audio-codec==1.0.0
"$python" -W ignore - <<'END'
import sys
from types import SimpleNamespace
from unittest.mock import MagicMock

import torch
from transformers import DacConfig, DacModel

base = type("BaseModel", (torch.nn.Module,), dict(INTERN=[], EXTERN=[]))  # saves and loads files
ml = SimpleNamespace(BaseModel=base, Accelerator=MagicMock())
tools = SimpleNamespace(ml=ml, AudioSignal=object, STFTParams=MagicMock())
sys.modules |= {"audiotools": tools, "audiotools.ml": ml, "audiotools.core": MagicMock(),
                "argbind": MagicMock()}  # fmt: skip
from dac import DAC

torch.set_grad_enabled(False)


def given_back(strides, samples):
    """Return how many samples a narrow DAC with random weights gives back."""
    model = DAC(encoder_dim=4, encoder_rates=strides, decoder_dim=32, decoder_rates=strides[::-1],
                n_codebooks=1)  # fmt: skip
    return model.eval()(torch.zeros(1, 1, samples))["audio"].shape[-1]


ODD, EVEN = [2, 4, 5, 8], [2, 4, 8, 8]
config = DacConfig(encoder_hidden_size=4, hidden_size=64, decoder_hidden_size=32, n_codebooks=1,
                   downsampling_ratios=ODD, upsampling_ratios=ODD[::-1])  # fmt: skip
hub = DacModel(config).eval()(torch.zeros(1, 1, 3200)).audio_values.shape[-1]
seen = {samples: given_back(ODD, samples) for samples in (3200, 3193, 3192, 3191)}
even = given_back(EVEN, 5120)
print("DAC:", *(f"{got} of {samples}," for samples, got in seen.items()),
      f"transformers: {hub} of 3200; with even strides {even} of 5120")  # fmt: skip
if (list(seen.values()), hub, even) != ([3192, 3192, 3192, 3191], 3192, 5120):
    sys.exit("changed: see the top of this script")
END
