#!/bin/sh
# torch 2.13.0
# A guess: torch.export over open lengths takes as long as the graph has nodes.
# What happens: a length that is compared, as in x[:, min(3, n):], stays in all sizes behind it as
# Min and Max, and each further block that does so states the size before it several times. The text
# of a size grows fourfold with each block, and with it the time to save the program and to read it
# back: minutes for a decoder of five such blocks. The same cut by narrow, with its length worked
# out, states every size in a few characters.
# Seen on 2026-11-30: 1, 2 and 3 blocks by slices have sizes of 77, 389 and 1637 characters; by
# narrow 9, 9 and 9.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0
"$python" -m pip --quiet --disable-pip-version-check install numpy==2.4.6
cd "$folder"
"$python" -W ignore - <<'END'
import sys

import torch
from torch import nn
from torch.fx.experimental import _config


class Block(nn.Module):
    def __init__(self, by_narrow):
        super().__init__()
        self.by_narrow = by_narrow

    def forward(self, x):
        y = x.repeat_interleave(2, 1)
        if self.by_narrow:
            return torch.nn.functional.pad(y, (0, 3)).narrow(1, 3, y.shape[1])
        cut = min(3, y.shape[1])
        rest = torch.nn.functional.pad(y[:, y.shape[1] - cut :], (0, 3))
        return torch.cat((y[:, cut:], rest[:, 3 - cut : max(3 - cut, 3)]), 1)


def longest(blocks, by_narrow):
    net = nn.Sequential(*(Block(by_narrow) for _ in range(blocks)))
    dynamic = ({0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC},)
    with _config.patch(backed_size_oblivious=True):
        made = torch.export.export(net, (torch.randn(2, 40),), dynamic_shapes=dynamic, strict=False)
    values = (node.meta.get("val") for node in made.graph.nodes)
    sizes = [str(s) for v in values if isinstance(v, torch.Tensor) for s in v.shape]
    return max(map(len, sizes))


found = {}
for by_narrow in (False, True):
    for blocks in (1, 2, 3):
        found[by_narrow, blocks] = longest(blocks, by_narrow)
        how = "narrow" if by_narrow else "a slice"
        print(f"{blocks} blocks by {how}: longest size {found[by_narrow, blocks]} characters")
grows = [found[False, n + 1] / found[False, n] for n in (1, 2)]
if min(grows) < 1.9 or found[True, 3] > 40:
    sys.exit("sizes no longer grow with each block")
END
