#!/bin/sh
# transformers 4.57.3 and 5.23.0: the last of `hidden_states` of a large HuBERT, wav2vec 2.0 or WavLM
# is another tensor in each.
#
# Large models normalise before their blocks, and once more behind the last one. Up to 4.57 the last
# entry of `hidden_states` was what that norm gives, the same as `last_hidden_state`; all others were
# outputs of blocks. In 5.23 it is the output of the last block, before the norm. So code that takes
# the features of "layer 24" for clusters by `hidden_states[24]` gets others after an upgrade, of
# another scale, without an error; centres that were fitted before no longer fit. Base models, whose
# blocks end in a norm, have the same in both.
#
# Seen on 2026-11-29 (HuBERT; wav2vec 2.0 and WavLM say the same):
#     transformers 4.57.3  last of hidden_states is last_hidden_state: large True, base True
#     transformers 5.23.0  last of hidden_states is last_hidden_state: large False, base True
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
for version in 4.57.3 5.23.0; do
    "$folder/env/bin/pip" install --quiet --upgrade "transformers==$version"
    "$folder/env/bin/python" - "$version" <<'PY'
import sys

import torch
from transformers import HubertConfig, HubertModel, Wav2Vec2Config, Wav2Vec2Model
from transformers import WavLMConfig, WavLMModel

small = dict(
    hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
    conv_dim=(16, 16), conv_kernel=(10, 3), conv_stride=(5, 2), num_conv_pos_embeddings=8,
    num_conv_pos_embedding_groups=2,
)
kinds = {
    "HuBERT": (HubertConfig, HubertModel),
    "wav2vec 2.0": (Wav2Vec2Config, Wav2Vec2Model),
    "WavLM": (WavLMConfig, WavLMModel),
}
version, found = sys.argv[1], {}
for name, (config, model) in kinds.items():
    for size, large in (("large", True), ("base", False)):
        torch.manual_seed(0)
        norm = {"do_stable_layer_norm": large, "feat_extract_norm": "layer" if large else "group"}
        net = model(config(**small, **norm)).eval()
        with torch.no_grad():
            net.encoder.layer_norm.weight.fill_(3.0)
            out = net(torch.randn(1, 4000), output_hidden_states=True)
        found[name, size] = torch.equal(out.hidden_states[-1], out.last_hidden_state)
    print(f"transformers {version}  {name:<12} last of hidden_states is last_hidden_state: "
          f"large {found[name, 'large']}, base {found[name, 'base']}")
large = {same for (_, size), same in found.items() if size == "large"}
base = {same for (_, size), same in found.items() if size == "base"}
if base != {True} or large != {version.startswith("4")}:
    raise SystemExit("the last of hidden_states is another tensor than was seen on 2026-11-29")
PY
done
