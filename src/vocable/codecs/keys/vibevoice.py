"""Checkpoints of VibeVoice's tokenizers: transformers', and what a file of VibeVoice has of them.

    encoder.stem, encoder.conv_layers.N, encoder.head       a convolution, and blocks in `stage`
    decoder.stem, decoder.conv_layers.N, decoder.head       the same back; the semantic one has none

Microsoft's own keys lie below `model.acoustic_tokenizer.` beside the language model, which is not
read; those of the semantic tokenizer, below `model.semantic_tokenizer.`, are read where the
acoustic one is not in the file. Sizes come from the shapes; the rate is the published one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.change import transposed
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, hub_files
from vocable.codecs.keys.seanet import Shapes
from vocable.codecs.vibevoice import vibevoice, vibevoice_semantic
from vocable.fitting import check_config
from vocable.weights import Row

_ACOUSTIC, _SEMANTIC = "acoustic_tokenizer", "semantic_tokenizer"
_BELOW = tuple(f"{before}{kind}." for kind in (_ACOUSTIC, _SEMANTIC) for before in ("model.", ""))
_STEM, _HEAD = "encoder.stem.conv.conv.weight", "encoder.head.conv.weight"
_BACK = "decoder.stem.conv.conv.weight"


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which of VibeVoice's tokenizers a checkpoint holds, None for another's.

    Raises ModelError where the config says other sizes than the weights have.
    """
    below = _below(checkpoint.shapes)
    shapes = _named(checkpoint.shapes)
    if not (_STEM in shapes and _HEAD in shapes and "encoder.stem.stage.0.gamma" in shapes):
        return None
    with seanet.refusing("weights of such shapes make no tokenizer of VibeVoice"):
        sizes = _sizes(shapes)
    with seanet.refusing("config.json does not describe a tokenizer of VibeVoice"):
        stated = _stated_by_microsoft if below else _stated
        sizes["norm_eps"] = stated(checkpoint.config, sizes, below)
    decodes = _BACK in shapes
    published = vibevoice() if decodes else vibevoice_semantic()
    config = asdict(published) | sizes
    architecture = "vibevoice" if decodes else "vibevoice-semantic"
    name = architecture.replace("-", "_") if config == asdict(published) else architecture
    return Recognised(name, "microsoft" if below else "transformers", architecture, config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.vibevoice`."""
    tensors = _named(checkpoint.tensors(below=_below(checkpoint.shapes)))
    return steps.read(_steps(recognised.config), tensors)


def _below(keys: Mapping[str, Any]) -> str:
    """Return what stands before the tokenizer's keys in Microsoft's files; nothing in others."""
    found = (below for below in _BELOW if below + _FIRST_OF_MICROSOFT in keys)
    return next(found, "")


_FIRST_OF_MICROSOFT = "encoder.downsample_layers.0.0.conv.conv.weight"


def _named(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what belongs to the tokenizer, by the keys of transformers."""
    if below := _below(found):
        own = {key.removeprefix(below): found[key] for key in found if key.startswith(below)}
        return {_of_microsoft(key): value for key, value in own.items()}
    if _STEM.removeprefix("encoder.") in found:  # transformers' encoder by itself
        return {f"encoder.{key}": value for key, value in found.items()}
    return dict(found)


def _of_microsoft(key: str) -> str:
    """Return what transformers calls a key of Microsoft's."""
    side, _, rest = key.partition(".")
    rest = re.sub(r"^(?:down|up)sample_layers\.(\d+)\.0\.", r"stages.\1.", rest)
    rest = re.sub(r"^stages\.(\d+)\.(\d+)\.", r"stages.\1.stage.\2.", rest)
    rest = re.sub(r"^stages\.0\.", "stem.", rest)
    rest = re.sub(r"^stages\.(\d+)\.", lambda n: f"conv_layers.{int(n[1]) - 1}.", rest)
    rest = rest.replace("mixer.conv.conv.conv.", "mixer.conv.")
    return f"{side}.{re.sub(r'^head[.]conv[.]conv[.]', 'head.conv.', rest)}"


# ---- keys ---------------------------------------------------------------------------------------


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    rows = [*_side_rows("encoder", config), *_side_rows("decoder", config)]
    return [steps.Table(tuple(rows))]


def _side_rows(side: str, config: Mapping[str, Any]) -> Iterator[Row]:
    stages, conv = len(config["depths"]), "conv" if side == "encoder" else "convtr"
    for n in range(stages):
        theirs = rf"{side}\.conv_layers\.{n - 1}\." if n else rf"{side}\.stem\."
        between, own = conv if n else "conv", f"{side}.blocks.{2 * n}"
        change = transposed if between == "convtr" else None
        yield Row(rf"{theirs}{between}\.{between}\.weight", f"{own}.weight", change)
        yield Row(rf"{theirs}{between}\.{between}\.bias", f"{own}.bias")
        yield from _block_rows(theirs, f"{side}.blocks.{2 * n + 1}")
    yield Row(rf"{side}\.head\.conv\.(weight|bias)", rf"{side}.blocks.{2 * stages}.\1")


def _block_rows(theirs: str, ours: str) -> Iterator[Row]:
    """Yield what becomes of the keys of a stage's blocks."""
    names = {
        r"norm\.weight": "0.branch.blocks.0.weight",
        r"mixer\.conv\.(weight|bias)": r"0.branch.blocks.1.\2",
        "gamma": "0.branch.blocks.2.weight",
        r"ffn_norm\.weight": "1.branch.blocks.0.weight",
        r"ffn\.linear1\.(weight|bias)": r"1.branch.blocks.1.\2",
        r"ffn\.linear2\.(weight|bias)": r"1.branch.blocks.3.\2",
        "ffn_gamma": "1.branch.blocks.4.weight",
    }
    for name, own in names.items():
        yield Row(rf"{theirs}stage\.(\d+)\.{name}", rf"{ours}.blocks.\1.blocks.{own}")


# ---- sizes --------------------------------------------------------------------------------------


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes say of a `VibeVoiceConfig`."""
    filters, channels, kernel = shapes[_STEM]
    strides: list[int] = []
    while (key := f"encoder.conv_layers.{len(strides)}.conv.conv.weight") in shapes:
        strides.append(shapes[key][2] // 2)
    stems = ["stem", *(f"conv_layers.{n}" for n in range(len(strides)))]
    depths = [sum(key.startswith(f"encoder.{stem}.stage.") and key.endswith(".ffn_gamma")
                  for key in shapes) for stem in stems]  # fmt: skip
    return {
        "channels": channels,
        "latent": shapes[_HEAD][0],
        "filters": filters,
        "kernel": kernel,
        "strides": tuple(strides),
        "depths": tuple(depths),
        "expansion": shapes["encoder.stem.stage.0.ffn.linear1.weight"][0] // filters,
    }


def _stated(config: Mapping[str, Any], sizes: Mapping[str, Any], _: str) -> float:
    """Return the norms' epsilon; refuse what the weights contradict."""
    check_config(config, _config_of_sizes(sizes))
    return float(config.get("rms_norm_eps", 1e-5))


def _stated_by_microsoft(config: Mapping[str, Any], sizes: Mapping[str, Any], below: str) -> float:
    kind = _ACOUSTIC if _ACOUSTIC in below else _SEMANTIC
    own = config.get(f"{kind}_config") or {}
    depths = "-".join(map(str, sizes["depths"]))
    needed = {
        "channels": sizes["channels"],
        "vae_dim": sizes["latent"],
        "encoder_n_filters": sizes["filters"],
        "encoder_ratios": sizes["strides"][::-1],
        "encoder_depths": depths,
        "mixer_layer": "depthwise_conv",
        "layernorm": "RMSNorm",
        "conv_norm": "none",
        "pad_mode": "constant",
        "causal": True,
        "conv_bias": True,
        "disable_last_norm": True,
    }
    check_config(own, needed)
    return float(own.get("layernorm_eps", 1e-5))


def _config_of_sizes(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json says of sizes."""
    return {
        "channels": sizes["channels"],
        "hidden_size": sizes["latent"],
        "num_filters": sizes["filters"],
        "kernel_size": sizes["kernel"],
        "downsampling_ratios": sizes["strides"],
        "depths": sizes["depths"],
        "ffn_expansion": sizes["expansion"],
        "hidden_act": "gelu",
    }


# ---- what is written ----------------------------------------------------------------------------


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "architectures": ["VibeVoiceAcousticTokenizerModel"],
        "model_type": "vibevoice_acoustic_tokenizer",
        **_config_of_sizes(config),
        "rms_norm_eps": config["norm_eps"],
    }


FORMS = {"transformers": Form(_steps, hub_files(_config))}
