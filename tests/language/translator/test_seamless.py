"""SeamlessM4T's text-to-unit model, with random weights, in the layers of a translator.

Its layers are ours: norms of `LayerNorm` in front, biases everywhere, ReLU. What is not ours stays
outside: the encoder is given states in place of units, and positions begin at `pad + 1`, sines
first. So both are added to the rows here, and checkpoints are not read.
"""

from __future__ import annotations

import pytest
import torch

from vocable.language.config import NoPositions, TransformerConfig
from vocable.language.encoder_decoder import EncoderDecoder

seamless = pytest.importorskip("transformers.models.seamless_m4t.modeling_seamless_m4t")


@pytest.fixture(scope="module")
def theirs():
    from transformers import SeamlessM4TConfig

    torch.manual_seed(0)
    config = SeamlessM4TConfig(
        hidden_size=16, t2u_vocab_size=23, t2u_encoder_layers=2, t2u_decoder_layers=2,
        t2u_encoder_ffn_dim=24, t2u_decoder_ffn_dim=20, t2u_encoder_attention_heads=4,
        t2u_decoder_attention_heads=2, t2u_max_position_embeddings=32, vocab_size=23,
    )  # fmt: skip
    model = seamless.SeamlessM4TTextToUnitForConditionalGeneration(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(1.0 if weight.ndim == 1 else 0.0, 0.3)
    return model


def ours(theirs) -> EncoderDecoder:
    plain = {
        "width": 16, "layers": 2, "context": 32, "norm": "layer", "activation": "relu",
        "gated": False, "positions": NoPositions(), "input_bias": True, "output_bias": True,
        "hidden_bias": True,
    }  # fmt: skip
    encoder = TransformerConfig(**plain, heads=4, hidden=24, causal=False)
    decoder = TransformerConfig(**plain, heads=2, hidden=20, cross=16)
    made = EncoderDecoder(encoder, decoder, [1], 23, 23).eval()
    state = theirs.state_dict()
    found = {"tables.0.weight": made.tables[0].weight, "table.weight": state["lm_head.weight"]}
    for side, name in (("encoder", "encoder"), ("trunk", "decoder")):
        for kind in ("weight", "bias"):
            found[f"{side}.norm.{kind}"] = state[f"model.{name}.layer_norm.{kind}"]
            for layer in range(2):
                to, source = f"{side}.layers.{layer}", f"model.{name}.layers.{layer}"
                pairs = [("attention", "self_attn")]
                pairs += [("cross", "cross_attention")] if name == "decoder" else []
                for our, their in pairs:
                    q, k, v, out = (
                        state[f"{source}.{their}.{each}_proj.{kind}"]
                        for each in ("q", "k", "v", "out")
                    )
                    parts = {"into": (q, k, v)} if our == "attention" else {"into": (k, v)}
                    for each, tensors in {**parts, "out": (out,)}.items():
                        found[f"{to}.{our}.{each}.{kind}"] = torch.cat(tensors)
                    if our == "cross":
                        found[f"{to}.cross.query.{kind}"] = q
                    norm = state[f"{source}.{their}_layer_norm.{kind}"]
                    found[f"{to}.{our}_norm.{kind}"] = norm
                found[f"{to}.mlp_norm.{kind}"] = state[f"{source}.ffn_layer_norm.{kind}"]
                found[f"{to}.mlp.into.{kind}"] = state[f"{source}.ffn.fc1.{kind}"]
                found[f"{to}.mlp.out.{kind}"] = state[f"{source}.ffn.fc2.{kind}"]
    made.load_state_dict(found)
    return made


def test_a_text_to_unit_model_gives_the_same_logits(theirs):
    model, lengths = ours(theirs), [7, 4]
    states, ids = torch.randn(2, 7, 16), torch.randint(2, 23, (2, 6))
    mask = torch.arange(7)[None] < torch.tensor(lengths)[:, None]
    decoder = theirs.model.decoder
    with torch.no_grad():
        wanted = theirs(
            inputs_embeds=states, attention_mask=mask.long(), decoder_input_ids=ids
        ).logits
        seen = model.encoder.forward(states, lengths)
        rows = decoder.embed_tokens(ids) + decoder.embed_positions(ids)
        found = model.logits(model.trunk.forward(rows, [6, 6], seen, lengths))
    assert wanted.abs().max() > 1
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-4)
