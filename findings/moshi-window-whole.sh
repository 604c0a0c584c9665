#!/bin/sh
# transformers 5.23.0
# A guess: MoshiModel sees the last `sliding_window` rows (3000 in the published config, and in the
# moshi package), whether it gets a sequence whole or step by step.
# What happens: with the cache, which holds that many rows, it does; whole, every row sees all rows before it.
# Losses and prompts that are longer than the window are those of another model.
# Seen on 2026-11-29: a window of 4, 2 layers, 20 rows: changing row 0 moves row 19 whole, and not in steps;
#       both agree up to row 3, and differ by more than 0.1 from row 4 on.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 numpy==2.4.6 \
  transformers==5.23.0
"$python" - <<'END'
import sys

import torch
from transformers import MoshiConfig, MoshiModel

WINDOW, ROWS = 4, 20
torch.manual_seed(0)
config = MoshiConfig(
    vocab_size=32, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=2, head_dim=8, ffn_dim=32, max_position_embeddings=64,
    sliding_window=WINDOW,
)
model = MoshiModel(config).eval()
ids = torch.randint(0, 32, (1, ROWS))
changed = ids.clone()
changed[0, 0] = (changed[0, 0] + 1) % 32


@torch.no_grad()
def whole(ids):
    return model(input_ids=ids, use_cache=False).last_hidden_state[0]


@torch.no_grad()
def steps(ids):
    cache, found = None, []
    for row in range(ROWS):
        made = model(input_ids=ids[:, row : row + 1], past_key_values=cache, use_cache=True)
        cache = made.past_key_values
        found.append(made.last_hidden_state[0])
    return torch.cat(found)


moved = [float((run(ids) - run(changed))[-1].abs().max()) for run in (whole, steps)]
apart = (whole(ids) - steps(ids)).abs().amax(1)
print(f"row 0 moves the last row by {moved[0]:.3f} whole, {moved[1]:.3f} in steps")
print("whole and steps differ, row by row:", [round(float(each), 3) for each in apart])
if moved[0] < 1e-3 or moved[1] or apart[:WINDOW].max() > 1e-5 or apart[WINDOW:].min() < 0.1:
    sys.exit("changed: see the top of this script")
END
