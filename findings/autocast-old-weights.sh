#!/bin/sh
# torch 2.13.0: inside an outer autocast, even one that is switched off, training in bf16 computes
# with the weights of its first step for ever.
#
# Autocast keeps each weight that it has cast, and forgets them when the outermost autocast ends. An
# `autocast(enabled=False)` around a training loop, there to be sure of fp32, is an outermost one
# too. The optimizer moves the fp32 weights, the forward pass goes on with the copies of the first
# step, and gradients, which are those of the old weights, say nothing. Here a weight of 1 loses 1
# at each step: the output should follow it, and stays at 1. With `cache_enabled=False` it follows.
#
# Seen on 2026-11-28:
#     no outer autocast        weight 0, -1, -2  output 1, 0, -1
#     an outer one, off        weight 0, -1, -2  output 1, 1, 1
#     off, without its cache   weight 0, -1, -2  output 1, 0, -1
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/env/bin/python" - <<'PY'
import contextlib

import torch


def steps(outer):
    weight = torch.ones(1, 1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0)
    weights, outputs = [], []
    with outer:
        for _ in range(3):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                output = torch.nn.functional.linear(torch.ones(1, 1), weight)
            output.float().sum().backward()
            optimizer.step()
            outputs.append(int(output.item()))
            weights.append(int(weight.item()))
    return weights, outputs


found = {
    "no outer autocast": steps(contextlib.nullcontext()),
    "an outer one, off": steps(torch.autocast("cpu", enabled=False)),
    "off, without its cache": steps(torch.autocast("cpu", enabled=False, cache_enabled=False)),
}
for name, (weights, outputs) in found.items():
    say = [", ".join(map(str, values)) for values in (weights, outputs)]
    print(f"{name:<24} weight {say[0]}  output {say[1]}")
moves, stays = ([0, -1, -2], [1, 0, -1]), ([0, -1, -2], [1, 1, 1])
if list(found.values()) != [moves, stays, moves]:
    raise SystemExit("autocast no longer keeps old weights inside another one")
PY
