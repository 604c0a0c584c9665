#!/bin/sh
# torch 2.13.0: on a CPU, FlopCounterMode counts no attention, no LSTM, and nothing in oneDNN's layout.
#
# `torch.utils.flop_counter` is what papers and cards take their GFLOP from. It knows operators by a
# table. On a CPU, scaled_dot_product_attention becomes a kernel of the CPU's own, which is not in it,
# and so counts as 0, where the same attention written as two products counts 2 · 2 · heads · time² ·
# width. Nor are an LSTM's kernel and the products of modules from `torch.utils.mkldnn.to_mkldnn`.
# There is no warning: a transformer, a recurrent net or a model with packed weights reads as
# cheaper than it is, and another number on a GPU.
#
# Seen on 2026-11-29 (2 operations for each multiply-add, without biases):
#     linear                            40960 of 40960
#     convolution                       36864 of 36864
#     attention, as two products        16384 of 16384
#     attention, one call                   0 of 16384
#     LSTM                                  0 of 5120
#     linear in oneDNN's layout             0 of 40960
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/env/bin/python" - <<'PY'
import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.mkldnn import to_mkldnn


def count(call):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


linear, convolution = torch.nn.Linear(64, 32).eval(), torch.nn.Conv2d(4, 8, 3).eval()
lstm, packed = torch.nn.LSTM(8, 8).eval(), to_mkldnn(linear)
rows, image = torch.ones(10, 64), torch.ones(1, 4, 10, 10)
q = torch.ones(1, 2, 16, 8)  # batch, heads, time, width
found = {
    "linear": (count(lambda: linear(rows)), 2 * 10 * 64 * 32),
    "convolution": (count(lambda: convolution(image)), 2 * 64 * 8 * 4 * 9),
    "attention, as two products": (
        count(lambda: ((q @ q.mT) / 8**0.5).softmax(-1) @ q),
        2 * 2 * 2 * 16 * 16 * 8,
    ),
    "attention, one call": (
        count(lambda: scaled_dot_product_attention(q, q, q)),
        2 * 2 * 2 * 16 * 16 * 8,
    ),
    "LSTM": (count(lambda: lstm(torch.ones(5, 1, 8))), 2 * 5 * 4 * 8 * (8 + 8)),
    "linear in oneDNN's layout": (count(lambda: packed(rows.to_mkldnn())), 2 * 10 * 64 * 32),
}
for name, (counted, wanted) in found.items():
    print(f"{name:<28}{counted:>11} of {wanted}")
missed = ["attention, one call", "LSTM", "linear in oneDNN's layout"]
if any(counted != (0 if name in missed else wanted) for name, (counted, wanted) in found.items()):
    raise SystemExit("the counter counts something else now")
PY
