#!/bin/sh
# transformers 5.23.0
# A guess: generating with the cache, which is the default, gives what generating without it gives, only faster.
# What happens: MusicgenForCausalLM with `encoder_hidden_states` (the decoder alone, told a text) makes another kind
# of cache than the whole model does: keys of the text are put among those of the music, and again at every step.
# Greedy codes are others from the first frames on. The whole model, MusicgenForConditionalGeneration, does it right.
# Seen on 2026-11-29: 2 layers, 20 frames of 4 codebooks: 17 % of the greedy codes are those without a cache;
#       with an EncoderDecoderCache that is handed in, all are.
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
from transformers import DynamicCache, EncoderDecoderCache, MusicgenForCausalLM
from transformers.models.musicgen.configuration_musicgen import MusicgenDecoderConfig
from transformers.utils import logging

logging.set_verbosity_error()
CODES, FRAMES = 16, 20
config = MusicgenDecoderConfig(
    vocab_size=CODES, hidden_size=32, ffn_dim=48, num_hidden_layers=2, num_attention_heads=4,
    num_codebooks=4, max_position_embeddings=64, pad_token_id=CODES, bos_token_id=CODES,
)
model = MusicgenForCausalLM(config).eval()
torch.manual_seed(0)
with torch.no_grad():
    for name, weight in model.named_parameters():
        weight.normal_(1.0 if "norm.weight" in name else 0.0, 0.25)
        if "lm_heads" in name or "embed_tokens" in name:
            weight.mul_(4)
text = torch.randn(1, 5, 32)
prompt = torch.full((4, 1), CODES)


@torch.no_grad()
def codes(**more):
    return model.generate(
        prompt, encoder_hidden_states=text, do_sample=False, guidance_scale=1.0,
        attention_mask=torch.ones_like(prompt), decoder_start_token_id=CODES, pad_token_id=CODES,
        max_length=FRAMES + 4, num_return_sequences=1, **more,
    )[0]


without = codes(use_cache=False)
default = (codes() == without).float().mean()
both = EncoderDecoderCache(DynamicCache(), DynamicCache())
handed = (codes(past_key_values=both) == without).float().mean()
print(f"codes as without a cache: {default:.0%} by default, {handed:.0%} with a cache for both")
if default > 0.6 or handed < 1:
    sys.exit("changed: see the top of this script")
END
