#!/bin/sh
# moshi 0.2.13, transformers 5.23.0
# A guess: with rotary positions only the distance of two rows matters, so that a stream attends
# after hours as it did at first.
# What happens: position times frequency is rounded to fp32 before its cosine is taken. At a million
# rows (Mimi has 25 a second: 11 hours) the products lie 0.06 apart.
# Seen on 2026-11-28: the angle between two rows up to 249 apart is wrong by 0.00001 rad at row 0,
#       by 0.040 rad at row 1,000,000, in both.
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
NO_TORCH_COMPILE=1 "$python" - <<'END'
import math
import sys

import torch
from moshi.modules.rope import apply_rope
from transformers import MimiConfig
from transformers.models.mimi.modeling_mimi import MimiRotaryEmbedding, apply_rotary_pos_emb

WIDTH, ROWS, FAR = 64, 250, 1_000_000  # of a head of Mimi; what a row sees
PAIRS = WIDTH // 2
frequencies = torch.tensor([10_000 ** (-2 * pair / WIDTH) for pair in range(PAIRS)]).double()
distances = torch.arange(ROWS).double()[:, None]


def moshi(first):
    """Return ROWS rows of pairs (1, 0), turned: [rows, pairs, 2]."""
    x = torch.tensor([1.0, 0.0]).repeat(1, 1, ROWS, PAIRS)
    return apply_rope(x, x, torch.tensor([first]))[0].view(ROWS, PAIRS, 2)


def transformers(first):
    x = torch.cat((torch.ones(PAIRS), torch.zeros(PAIRS))).repeat(1, 1, ROWS, 1)
    rope = MimiRotaryEmbedding(MimiConfig())
    cos, sin = rope(x, torch.arange(first, first + ROWS)[None])
    return apply_rotary_pos_emb(x, x, cos, sin)[0].view(ROWS, 2, PAIRS).transpose(1, 2)


def error(rope, first):
    """Return by how much the angle of a row to the first is wrong, at most."""
    rows = torch.view_as_complex(rope(first).double().contiguous())
    right = torch.polar(torch.ones(ROWS, PAIRS).double(), distances * frequencies)
    return float((rows * rows[:1].conj() * right.conj()).angle().abs().max())


seen = {}
for rope in (moshi, transformers):
    near, far = seen[rope] = error(rope, 0), error(rope, FAR)
    print(f"{rope.__name__}: angles of two rows up to {ROWS - 1} apart are wrong by {near:.6f} rad "
          f"at row 0, by {far:.3f} rad at row {FAR:,}")
if any(near > 1e-4 or far < 0.01 for near, far in seen.values()):
    sys.exit("changed: see the top of this script")
END
