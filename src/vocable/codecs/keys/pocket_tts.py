"""Checkpoints of Pocket TTS's codec: transformers', and what a model of Kyutai's package holds.

transformers   keys as its Mimi has them, and `latent_proj`; config.json beside it
pocket-tts     below `mimi.`, beside a language model that is not read: keys as `moshi` has
               them, and `quantizer.output_proj`. Heads and context are the published ones,
               since nothing beside the file says them
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from vocable.codecs.keys import mimi, seanet, steps
from vocable.codecs.keys.change import in_halves, pointwise, transposed
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised, published_name
from vocable.codecs.keys.form import Form, hub_files
from vocable.codecs.keys.seanet import Shapes
from vocable.codecs.pocket_tts import PUBLISHED, PocketTTSConfig
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row

FAMILY = "codec of Pocket TTS"
BELOW = "mimi."
_PROJECTION, _OF_PACKAGE = "latent_proj.weight", "quantizer.output_proj.weight"
_DOWN = "downsample.conv.weight"
_RENAMED: steps.Pairs = (
    (r"\.convtr\.", ".conv."),
    (r"^quantizer\.output_proj\.", "latent_proj."),
)
_BACK: steps.Pairs = (  # to transformers' modules
    (r"^(encoder|decoder)\.layers\.", r"\1.\1_seanet.layers."),
    (r"^(encoder|decoder)_transformer\.", r"\1.\1_transformer."),
    (r"^downsample\.", "encoder.downsample."),
    (r"^upsample\.", "decoder.upsample."),
)
_SIDES = ("encoder", "decoder")


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which codec of Pocket TTS a checkpoint holds, None for another's.

    Raises ModelError where its config says other sizes, and where nothing says what shapes do not.
    """
    below = _below(checkpoint.shapes)
    shapes = _own(checkpoint.shapes, below)
    if not (_PROJECTION in shapes and _DOWN in shapes):
        return None
    with seanet.refusing(f"weights of such shapes make no {FAMILY}"):
        sizes = _sizes(shapes)
    if below:
        config = _published(sizes)
    else:
        with seanet.refusing(f"config.json does not describe a {FAMILY}"):
            config = _stated(checkpoint.config, sizes)
    layout = "pocket-tts" if below else "transformers"
    return Recognised(published_name(PUBLISHED, config, "pocket-tts"), layout, "pocket-tts", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.pocket_tts`."""
    below, config = _below(checkpoint.shapes), recognised.config
    if not below:
        return steps.read(_steps(config), checkpoint.tensors())
    tensors = _own(checkpoint.tensors(below=below), below)
    for key, value in tensors.items():
        if key.endswith(mimi.MAPS.into):
            heads = config[key.partition("_")[0]]["heads"]
            tensors[key] = in_halves(value, heads)
    return steps.read([_table(config)], tensors)


def _below(keys: Mapping[str, Any]) -> str:
    """Return what stands before the codec's keys in a file of Kyutai's."""
    return BELOW if BELOW + _OF_PACKAGE in keys else ""


def _own(found: Mapping[str, Any], below: str) -> dict[str, Any]:
    """Return what belongs to the codec, as transformers' flat files of Mimi call it."""
    return {_named(k.removeprefix(below)): v for k, v in found.items() if k.startswith(below)}


def _named(key: str) -> str:
    return steps.substituted(mimi.as_in_transformers(key), _RENAMED)


# ---- keys ---------------------------------------------------------------------------------------


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    return [steps.Names(_named, _BACK), mimi.MAPS, _table(config)]


def _table(config: Mapping[str, Any]) -> steps.Table:
    """Return what becomes of the keys, once maps are stacked."""
    return steps.Table(
        (
            *seanet.rows(config["encoder"], "encoder", "encoder.blocks.0.blocks"),
            *mimi.layer_rows("encoder", "encoder.blocks.1"),
            Row(r"downsample\.conv\.weight", "encoder.blocks.2.weight"),
            Row(r"latent_proj\.weight", "decoder.blocks.0.weight", pointwise),
            Row(r"upsample\.conv\.weight", "decoder.blocks.1.weight", transposed),
            *mimi.layer_rows("decoder", "decoder.blocks.2"),
            *seanet.rows(config["decoder"], "decoder", "decoder.blocks.3.blocks"),
        )
    )


# ---- sizes --------------------------------------------------------------------------------------


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes say of a `PocketTTSConfig`."""
    floats, _, kernel = shapes[_DOWN]
    encoder = seanet.encoder_sizes(shapes, FAMILY) | _of_transformer(shapes, "encoder")
    decoder = _decoder_sizes(shapes) | _of_transformer(shapes, "decoder")
    return {"floats": floats, "resample": kernel // 2, "encoder": encoder, "decoder": decoder}


def _decoder_sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes say of the decoder's SEANet, which may be narrower."""
    convs = [shapes[f"decoder.layers.{n}.conv.weight"] for n in seanet.numbers(shapes, "decoder")]
    units = seanet.numbers(shapes, "decoder", r"block\.1\.conv")
    ups = convs[1:-1]
    hidden, channels, kernel = shapes[f"decoder.layers.{units[0]}.block.1.conv.weight"]
    return {
        "channels": convs[-1][0],
        "filters": convs[-1][1],
        "strides": tuple(shape[2] // 2 for shape in reversed(ups)),
        "dilations": seanet.dilations(len(units) // len(ups)),
        "unit_kernel": kernel,
        "unit_shrink": channels // hidden,
        "first_kernel": convs[0][2],
        "decoder_last_kernel": convs[-1][2],
        "latent": convs[0][1],
    }


def _of_transformer(shapes: Shapes, side: str) -> dict[str, int]:
    key = f"{side}_transformer.layers.{{}}.mlp.fc1.weight"
    layers = sum(key.format(n) in shapes for n in range(len(shapes)))
    return {"layers": layers, "hidden": shapes[key.format(0)][0]}


def _with(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with other values, of its sides too."""
    sides = {side: {**config[side], **sizes[side]} for side in _SIDES}
    return {**config, **sizes, **sides}


def _published(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the published config of these sizes."""
    for make in PUBLISHED:
        config = asdict(make())
        if config == _with(config, sizes):
            return config
    names = ", ".join(make.__name__ for make in PUBLISHED)
    raise ModelError(
        f"checkpoint has the keys of Pocket TTS but the sizes of none of {names}, and does not say "
        "its heads and context; write it in the layout of transformers"
    )


def _stated(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config with what config.json says beside the sizes."""
    given = {key: value for key, value in config.items() if value is not None}
    rotary, (first, second) = given.get("rope_parameters", {}), (sizes[side] for side in _SIDES)
    heads = given.get("num_attention_heads", 8)
    needed = _config_of_sizes(sizes) | {
        "num_key_value_heads": heads,
        "head_dim": first["latent"] // heads,
        "use_causal_conv": True,
        "pad_mode": "constant",
        "trim_right_ratio": 1.0,
        "hidden_act": "gelu_pytorch_tanh",
        "attention_bias": False,
        "norm_eps": 1e-5,
        "upsample_groups": second["latent"],
    }
    check_config(given, needed)
    check_config(rotary, {"rope_type": "default"})
    growth = given.get("dilation_growth_rate", 2)
    common = {
        "heads": heads,
        "context": given.get("sliding_window", 250),
        "base": float(rotary.get("rope_theta", 10_000.0)),
        "dilations": seanet.dilations(len(first["dilations"]), growth),
    }
    sides = {side: sizes[side] | common for side in _SIDES}
    rate = {"rate": given.get("sampling_rate", 24_000)}
    return _with(asdict(PocketTTSConfig()), {**sizes, **sides, **rate})


def _config_of_sizes(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json says of sizes: the encoder's, for both sides."""
    c = sizes["encoder"]
    return {
        "audio_channels": c["channels"],
        "num_filters": c["filters"],
        "upsampling_ratios": c["strides"][::-1],
        "num_residual_layers": len(c["dilations"]),
        "kernel_size": c["first_kernel"],
        "last_kernel_size": c["encoder_last_kernel"],
        "residual_kernel_size": c["unit_kernel"],
        "compress": c["unit_shrink"],
        "use_conv_shortcut": c["unit_shortcut"],
        "hidden_size": c["latent"],
        "num_hidden_layers": c["layers"],
        "intermediate_size": c["hidden"],
        "latent_dim": sizes["floats"],
        "latent_stride": sizes["resample"],
    }


# ---- what is written ----------------------------------------------------------------------------


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    first, second = (dict(config[side]) for side in _SIDES)
    last = first["encoder_last_kernel"]
    first["decoder_last_kernel"] = second["encoder_last_kernel"] = last
    if first != second:
        raise ModelError(
            "its decoder has other sizes than its encoder, which transformers' layout cannot say"
        )
    return {
        "architectures": ["PocketTTSAudioTokenizerModel"],
        "model_type": "pocket_tts_audio_tokenizer",
        "sampling_rate": config["rate"],
        **_config_of_sizes(config),
        "dilation_growth_rate": seanet.growth_of(first["dilations"]),
        "num_attention_heads": first["heads"],
        "num_key_value_heads": first["heads"],
        "head_dim": first["latent"] // first["heads"],
        "sliding_window": first["context"],
        "rope_parameters": {"rope_type": "default", "rope_theta": first["base"]},
        "upsample_groups": first["latent"],
        "hidden_act": "gelu_pytorch_tanh",
    }


FORMS = {"transformers": Form(_steps, hub_files(_config))}
