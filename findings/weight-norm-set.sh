#!/bin/sh
# torch 2.13.0
# A guess: `weight` of a convolution with weight norm is its weight: what load_state_dict loaded,
# and what nn.init sets.
# What happens: under torch.nn.utils.weight_norm it is the one last used: after loading it is the
# old one until the next forward pass, and what was set there is gone with that pass. Under
# torch.nn.utils.parametrizations.weight_norm it is formed whenever it is read: right after loading,
# and what nn.init sets is lost at once.
# Seen on 2026-11-28: hook: loaded is seen False, after a pass True; set to 0.02, spread 0.02, after
#       a pass 0.16. Parametrised: loaded is seen True; set to 0.02, spread 0.17.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 numpy==2.4.6
"$python" -W ignore - <<'END'
import sys

import torch
from torch import nn

torch.manual_seed(0)
torch.set_grad_enabled(False)
x = torch.randn(1, 4, 30)
FORMS = dict(hook=nn.utils.weight_norm, parametrised=nn.utils.parametrizations.weight_norm)
wanted = FORMS["hook"](nn.Conv1d(4, 64, 3))
wanted(x)
seen = {}
for name, form in FORMS.items():
    conv, other = form(nn.Conv1d(4, 64, 3)), form(nn.Conv1d(4, 64, 3))
    conv.load_state_dict(wanted.state_dict())
    loaded = [torch.allclose(conv.weight, wanted.weight)]
    conv(x)
    loaded.append(torch.allclose(conv.weight, wanted.weight))
    nn.init.normal_(other.weight, std=0.02)
    spread = [round(float(other.weight.std()), 2)]
    other(x)
    spread.append(round(float(other.weight.std()), 2))
    print(f"{name}: loaded is seen {loaded[0]}, after a pass {loaded[1]}; "
          f"set to 0.02, spread {spread[0]}, after a pass {spread[1]}")
    seen[name] = loaded + [value < 0.05 for value in spread]
if seen != dict(hook=[False, True, True, False], parametrised=[True, True, False, False]):
    sys.exit("changed: see the top of this script")
END
