"""The core gives what transformers gives, with the same weights."""

import pytest
import torch

from vocable.language.cache import Cache
from vocable.language.config import (
    NoPositions,
    Rotary,
    Sinusoidal,
    TransformerConfig,
)
from vocable.language.transformer import Layer, Transformer
from vocable.nn.rotary import Llama3Scaling

transformers = pytest.importorskip("transformers")
CLOSE = {"atol": 1e-5, "rtol": 1e-4}


def copy(target: torch.Tensor, *parts: torch.Tensor) -> None:
    with torch.no_grad():
        target.copy_(torch.cat(parts))


def randomise(model: torch.nn.Module) -> torch.nn.Module:
    """Weights that are far from what training starts with, norms too."""
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(1.0 if weight.ndim == 1 else 0.0, 0.25)
    return model.eval()


def copy_llama_layer(ours: Layer, theirs: torch.nn.Module) -> None:
    attention = theirs.self_attn
    maps = [getattr(attention, f"{each}_proj") for each in "qkvo"]
    maps = [getattr(each, "linear", each).weight for each in maps]
    join = -2 if maps[0].ndim == 3 else 0
    copy(ours.attention.into.weight, torch.cat(maps[:3], join))
    copy(ours.attention.out.weight, maps[3])
    copy(ours.attention_norm.weight, theirs.input_layernorm.weight)
    copy(ours.mlp_norm.weight, theirs.post_attention_layernorm.weight)
    mlp = theirs.mlp
    if hasattr(mlp, "fc1"):
        copy(ours.mlp.into.weight, mlp.fc1.weight)
        copy(ours.mlp.out.weight, mlp.fc2.weight)
    else:
        copy(ours.mlp.into.weight, mlp.gate_proj.weight, mlp.up_proj.weight)
        copy(ours.mlp.out.weight, mlp.down_proj.weight)


def stepped(model: Transformer, x: torch.Tensor) -> torch.Tensor:
    cache = Cache(model.config, x.shape[0])
    return torch.cat([model.step(part, cache) for part in x.split([5, 1, 1, x.shape[1] - 7], 1)], 1)


@torch.no_grad()
def test_csms_backbone_is_a_llama_with_scaled_turns():
    """Grouped heads of a width of their own, Llama-3's scaling as CSM's checkpoint has it."""
    rope = {
        "rope_type": "llama3", "rope_theta": 500_000.0, "factor": 32.0, "low_freq_factor": 0.125,
        "high_freq_factor": 0.5, "original_max_position_embeddings": 1024,
    }  # fmt: skip
    theirs = randomise(
        transformers.LlamaModel(
            transformers.LlamaConfig(
                vocab_size=8, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=2, head_dim=16, rms_norm_eps=1e-5,
                max_position_embeddings=2048, rope_parameters=rope,
            )
        )
    )  # fmt: skip
    scaling = Llama3Scaling(32.0, low=0.125, high=0.5, original=1024)
    config = TransformerConfig(
        width=32, layers=2, heads=4, kv_heads=2, head_width=16, hidden=48, context=2048,
        positions=Rotary(base=500_000.0, scaling=scaling),
    )  # fmt: skip
    ours = Transformer(config)
    for layer, other in zip(ours.layers, theirs.layers, strict=True):
        copy_llama_layer(layer, other)
    copy(ours.norm.weight, theirs.norm.weight)
    x = torch.randn(2, 300, 32)
    wanted = theirs(inputs_embeds=x).last_hidden_state
    torch.testing.assert_close(ours(x), wanted, **CLOSE)
    torch.testing.assert_close(stepped(ours, x), wanted, **CLOSE)


def test_torchtune_and_transformers_write_csms_scaling_differently():
    """Sesame: 8192 rows, 1 and 4 turns; transformers: 1024, 1/8 and 1/2, or 16 for the depth."""
    forms = [
        Llama3Scaling(32.0),
        Llama3Scaling(32.0, 0.125, 0.5, 1024),
        Llama3Scaling(32.0, 0.001953125, 0.0078125, 16),
    ]
    frequencies = [500_000.0 ** (-2 * pair / 64) for pair in range(32)]
    one, *others = [[form.scaled(each) for each in frequencies] for form in forms]
    assert all(pytest.approx(one, rel=1e-12) == other for other in others)
    assert one[0] == 1.0 and one[-1] == pytest.approx(frequencies[-1] / 32)


def moshi() -> torch.nn.Module:
    config = transformers.MoshiConfig(
        vocab_size=8, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, ffn_dim=96, sliding_window=3000, max_position_embeddings=3000,
    )  # fmt: skip
    from transformers.models.moshi.modeling_moshi import MoshiModel

    return randomise(MoshiModel(config))


@torch.no_grad()
def test_moshis_temporal_model():
    theirs = moshi()
    ours = Transformer(
        TransformerConfig(
            width=32, layers=2, heads=4, hidden=48, context=3000, window=3000, eps=1e-8
        )
    )
    for layer, other in zip(ours.layers, theirs.layers, strict=True):
        copy_llama_layer(layer, other)
    copy(ours.norm.weight, theirs.norm.weight)
    x = torch.randn(2, 40, 32)
    wanted = theirs(inputs_embeds=x).last_hidden_state
    torch.testing.assert_close(ours(x), wanted, **CLOSE)
    torch.testing.assert_close(stepped(ours, x), wanted, **CLOSE)


@torch.no_grad()
def test_moshis_depth_layers_have_weights_for_each_level():
    from transformers.models.moshi.configuration_moshi import MoshiDepthConfig
    from transformers.models.moshi.modeling_moshi import MoshiDepthDecoder

    theirs = randomise(
        MoshiDepthDecoder(
            MoshiDepthConfig(
                vocab_size=10, hidden_size=32, input_size=24, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=4, audio_vocab_size=12, ffn_dim=96,
                num_codebooks=8, max_position_embeddings=9, sliding_window=8,
            )
        )
    )  # fmt: skip
    ours = Transformer(
        TransformerConfig(
            width=32, layers=2, heads=4, hidden=48, context=8, eps=1e-8, sets=8,
            positions=NoPositions(), last_norm=False,
        )
    )  # fmt: skip
    for layer, other in zip(ours.layers, theirs.layers, strict=True):
        copy_llama_layer(layer, other)
    ids, hidden = torch.randint(0, 10, (3, 8)), torch.randn(3, 8, 24)
    wanted = theirs(input_ids=ids, last_hidden_state=hidden, use_cache=False).logits
    x = theirs.input_projections(hidden)
    x[:, 0] += theirs.text_embed_tokens(ids[:, 0])
    for level in range(7):
        x[:, level + 1] += theirs.embed_tokens[level](ids[:, level + 1])
    torch.testing.assert_close(theirs.lm_heads(ours(x)), wanted, **CLOSE)
    torch.testing.assert_close(theirs.lm_heads(stepped(ours, x)), wanted, **CLOSE)


@torch.no_grad()
def test_musicgens_decoder():
    from transformers.models.musicgen.configuration_musicgen import MusicgenDecoderConfig

    theirs = randomise(
        transformers.MusicgenForCausalLM(
            MusicgenDecoderConfig(
                vocab_size=12, hidden_size=32, ffn_dim=48, num_hidden_layers=2,
                num_attention_heads=4, num_codebooks=4, max_position_embeddings=64,
                activation_function="gelu", pad_token_id=12, bos_token_id=12,
            )
        )
    ).model.decoder  # fmt: skip
    ours = Transformer(
        TransformerConfig(
            width=32, layers=2, heads=4, hidden=48, context=64, norm="layer", activation="gelu",
            gated=False, positions=Sinusoidal(), cross=32,
        )
    )  # fmt: skip
    for layer, other in zip(ours.layers, theirs.layers, strict=True):
        copy_musicgen_layer(layer, other)
    ours.norm.load_state_dict(theirs.layer_norm.state_dict())
    ids, states = torch.randint(0, 12, (2, 4, 30)), torch.randn(2, 7, 32)
    lengths = [7, 4]
    mask = torch.arange(7) < torch.tensor(lengths)[:, None]
    wanted = theirs(
        ids.flatten(0, 1), encoder_hidden_states=states, encoder_attention_mask=mask.long()
    ).last_hidden_state
    x = sum(theirs.embed_tokens[level](ids[:, level]) for level in range(4))
    torch.testing.assert_close(ours(x, cross=states, cross_lengths=lengths), wanted, **CLOSE)
    cache = Cache(ours.config, 2, cross_states=7)
    for stream, length in enumerate(lengths):
        ours.look(states[stream, :length], cache, stream)
    found = torch.cat([ours.step(part, cache) for part in x.split([11, 1, 18], 1)], 1)
    torch.testing.assert_close(found, wanted, **CLOSE)


def copy_musicgen_layer(ours: Layer, theirs: torch.nn.Module) -> None:
    first, second = theirs.self_attn, theirs.encoder_attn
    maps = [first.q_proj.weight, first.k_proj.weight, first.v_proj.weight]
    copy(ours.attention.into.weight, *maps)
    copy(ours.attention.out.weight, first.out_proj.weight)
    copy(ours.cross.query.weight, second.q_proj.weight)
    copy(ours.cross.into.weight, second.k_proj.weight, second.v_proj.weight)
    copy(ours.cross.out.weight, second.out_proj.weight)
    copy(ours.mlp.into.weight, theirs.fc1.weight)
    copy(ours.mlp.out.weight, theirs.fc2.weight)
    ours.attention_norm.load_state_dict(theirs.self_attn_layer_norm.state_dict())
    ours.cross_norm.load_state_dict(theirs.encoder_attn_layer_norm.state_dict())
    ours.mlp_norm.load_state_dict(theirs.final_layer_norm.state_dict())
