#!/bin/sh
# torch 2.13.0, onnxscript 0.7.2, onnx 1.23.2, onnxruntime 1.32.0
# A guess: what torch.onnx.export writes computes what the model computes.
# What happens: its default optimizing takes an addition of 1e-8 or less for one of nothing, and
# leaves it out. A floor below a logarithm, as in every log spectrum, is gone, and silence is -inf.
# Seen on 2026-11-28: log10(0 + 1e-7) is -7 either way; log10(0 + 1e-8) is -8 with optimize=False,
# and -inf as exported by default: its graph has no Add.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0
"$python" -m pip --quiet --disable-pip-version-check install \
    numpy==2.4.6 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
cd "$folder"
"$python" -W ignore - <<'END'
import contextlib
import io
import math
import sys

import onnx
import onnxruntime
import torch


class Level(torch.nn.Module):
    def __init__(self, floor):
        super().__init__()
        self.floor = floor

    def forward(self, x):
        return (x + self.floor).log10()


def exported(floor, optimize):
    with contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(
            Level(floor).eval(), (torch.rand(1, 4),), "m.onnx", dynamo=True, optimize=optimize
        )
    operators = [node.op_type for node in onnx.load("m.onnx").graph.node]
    session = onnxruntime.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
    silence = torch.zeros(1, 4).numpy()
    return float(session.run(None, {session.get_inputs()[0].name: silence})[0][0, 0]), operators


found = {}
for floor in (1e-7, 1e-8):
    for optimize in (False, True):
        found[floor, optimize], operators = exported(floor, optimize)
        print(f"floor {floor:g}, optimize={optimize}: {found[floor, optimize]:g}, {operators}")
if abs(found[1e-7, True] + 7) > 1e-3 or abs(found[1e-8, False] + 8) > 1e-3:
    sys.exit("the export of what was right is no more")
if found[1e-8, True] != -math.inf:
    sys.exit("the small constant stays now")
END
