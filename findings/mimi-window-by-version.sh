#!/bin/sh
# transformers 4.57.3 (which qwen-tts 0.1.1 asks for) and 5.24.0
# A guess: MimiModel's transformers see the last `sliding_window` rows (250 in the published config, 10 s), whatever
# the version, so a recording has the same codes in each.
# What happens: 4.57.3 reads the setting and sees all rows before, 5.24.0 sees as many as it says. Recordings that are
# longer than the window have other codes in one than in the other: those of Mimi, and of the tokenizer of Qwen3-TTS.
# Seen on 2026-11-30: 60 rows, windows of 4 and of 400: 4.57.3 gives the same rows for both; with 5.24.0 row 4 is the
#       first that differs.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
seen() {
  "${PYTHON:-python3}" -m venv "$folder/$1"
  "$folder/$1/bin/python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 \
    numpy==2.4.6 "transformers==$1"
  "$folder/$1/bin/python" -W ignore - "$2" 2>"$folder/warnings" <<'END' || { cat "$folder/warnings"; exit 1; }
import sys

import torch
import transformers
from transformers import MimiConfig, MimiModel

small = dict(
    hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4, head_dim=8,
    intermediate_size=64, codebook_dim=16, vector_quantization_hidden_dimension=16,
    codebook_size=16, num_quantizers=4, num_filters=4, upsample_groups=32,
)
rows = torch.randn(1, 60, 32, generator=torch.Generator().manual_seed(0))
found = []
for window in (4, 400):
    torch.manual_seed(0)
    model = MimiModel(MimiConfig(sliding_window=window, **small)).eval()
    for name, weight in model.named_parameters():
        if name.endswith("layer_scale.scale"):
            torch.nn.init.ones_(weight)
    with torch.no_grad():
        found.append(model.encoder_transformer(rows)[0])
differs = ((found[0] - found[1]).abs().amax((0, 2)) > 1e-6).nonzero().flatten().tolist()
first = str(differs[0]) if differs else "none"
print(f"transformers {transformers.__version__}: first row that the window changes: {first}")
sys.exit(first != sys.argv[1])
END
}
seen 4.57.3 none
seen 5.24.0 4
