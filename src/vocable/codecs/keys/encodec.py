"""EnCodec's checkpoints: those of transformers, of the `encodec` package, and of AudioCraft.

    transformers   encoder.layers.N.conv.…        config.json beside it
    encodec        encoder.model.N.conv.conv.…    a state dict; its sizes say which model it is
    audiocraft     as encodec, in `best_state`    its recipe, as text, in `xp.cfg`

Weights of convolutions are stored in any form of weight norm. Sizes come from the shapes, and so
does whether a unit's skip is a convolution: of the 32 kHz model there are two revisions of
config.json, which disagree, and one set of weights. What only learning needs (`cluster_size`,
`embed_avg`, `inited`) is left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]

_BOOK = "quantizer.layers.0.codebook.embed"
_FIRST = re.compile(r"encoder\.layers\.0\.conv\.(weight|weight_v|parametrizations\..*)")
# what the package calls otherwise than transformers, in order
_PACKAGE = (
    (r"^(encoder|decoder)\.model\.", r"\1.layers."),
    (r"\.(conv|convtr)\.\1\.", ".conv."),
    (r"\.(conv|convtr)\.norm\.", ".norm."),
    (r"^quantizer\.vq\.layers\.(\d+)\._codebook\.", r"quantizer.layers.\1.codebook."),
)
_EDGES = {"reflect": "reflect", "constant": "zeros", "zero": "zeros"}


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which EnCodec a checkpoint is, or None if it is of another family.

    Raises ModelError for one whose config and weights disagree, that asks for what EnCodec does
    not do, or that says too little: a file of no published size without its config.
    """
    shapes = {_as_in_transformers(key): shape for key, shape in checkpoint.shapes.items()}
    if _BOOK not in shapes or not any(_FIRST.fullmatch(key) for key in shapes):
        return None
    if any(key.endswith("_reverse") for key in shapes):
        return None  # SpeechTokenizer's LSTM, which looks back as well
    layout = "transformers" if _BOOK in checkpoint.shapes else "encodec"
    sizes = _sizes({_as_fused(key): shape for key, shape in shapes.items()})
    if checkpoint.config:
        config = sizes | _stated_by_config(checkpoint.config, sizes)
    elif isinstance(recipe := checkpoint.stated.get("xp.cfg"), str):
        layout, config = "audiocraft", sizes | _stated_by_recipe(recipe, sizes)
    else:
        config = _published(sizes)
    return Recognised(_name(config), layout, "encodec", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.encodec`, weight norm fused."""
    from vocable import weights

    tensors = {_as_in_transformers(key): value for key, value in checkpoint.tensors().items()}
    tensors = weights.fuse_weight_norm(tensors)
    return weights.rename(tensors, _table(tensors, bool(recognised.config["group_norm"])))


def _as_in_transformers(key: str) -> str:
    for pattern, instead in _PACKAGE:
        key = re.sub(pattern, instead, key)
    return key


def _as_fused(key: str) -> str:
    return re.sub(r"\.(weight_v|parametrizations\.weight\.original1)$", ".weight", key)


def _table(tensors: Mapping[str, Tensor], normed: bool) -> list[Row]:
    """Return what becomes of transformers' keys; a convolution with a norm is a block of two."""
    from vocable.codecs.keys.change import pointwise, transposed
    from vocable.weights import Row

    inner = "conv." if normed else ""
    last = max(_layers(tensors, "decoder"), default=0)
    side, layer = r"(encoder|decoder)\.layers\.(\d+)", r"\1.blocks.\2"
    unit, branch = side + r"\.block\.([13])", layer + r".branch.blocks.\3"
    return [
        Row(
            rf"decoder\.layers\.(?!0\.|{last}\.)(\d+)\.conv\.weight",
            rf"decoder.blocks.\1.{inner}weight",
            transposed,
        ),
        Row(side + r"\.conv\.(weight|bias)", rf"{layer}.{inner}\3"),
        Row(side + r"\.norm\.(weight|bias)", layer + r".norm.\3"),
        Row(
            side + r"\.block\.3\.conv\.weight", rf"{layer}.branch.blocks.3.{inner}weight", pointwise
        ),
        Row(unit + r"\.conv\.(weight|bias)", rf"{branch}.{inner}\4"),
        Row(unit + r"\.norm\.(weight|bias)", rf"{branch}.norm.\4"),
        Row(side + r"\.shortcut\.conv\.weight", rf"{layer}.shortcut.{inner}weight", pointwise),
        Row(side + r"\.shortcut\.conv\.bias", rf"{layer}.shortcut.{inner}bias"),
        Row(side + r"\.shortcut\.norm\.(weight|bias)", layer + r".shortcut.norm.\3"),
        Row(side + r"\.lstm\.(\w+)", layer + r".branch.cells.\3"),
        Row(r"quantizer\.layers\.(\d+)\.codebook\.embed", r"quantizer.stack.\1.codebook.entries"),
        Row(r"quantizer\.layers\.\d+\.codebook\.(inited|cluster_size|embed_avg)", None),
    ]


def _layers(keys: Mapping[str, Any], side: str, what: str = "conv") -> list[int]:
    """Return the numbers of an encoder's or decoder's layers that are convolutions."""
    pattern = re.compile(rf"{side}\.layers\.(\d+)\.{what}\.weight")
    return sorted(int(match[1]) for key in keys if (match := pattern.fullmatch(key)))


# ---- sizes, from the shapes of fused weights ----------------------------------------------------


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes say of an `EnCodecConfig`."""
    convs = [shapes[f"encoder.layers.{n}.conv.weight"] for n in _layers(shapes, "encoder")]
    ends = [shapes[f"decoder.layers.{n}.conv.weight"] for n in _layers(shapes, "decoder")]
    units = _layers(shapes, "encoder", r"block\.1\.conv")
    books = [key for key in shapes if re.fullmatch(r"quantizer\.layers\.\d+\.codebook\.embed", key)]
    layers = [
        key for key in shapes if re.fullmatch(r"encoder\.layers\.\d+\.lstm\.weight_ih_l\d+", key)
    ]
    downs = len(convs) - 2
    if downs < 1 or len(ends) != len(convs) or not units or len(units) % downs:
        raise ModelError(
            f"checkpoint has {len(convs)} convolutions in its encoder, {len(ends)} in its decoder "
            f"and {len(units)} residual units, which make no EnCodec; fetch it again"
        )
    hidden, channels, kernel = shapes[f"encoder.layers.{units[0]}.block.1.conv.weight"]
    return {
        "channels": convs[0][1],
        "filters": convs[0][0],
        "strides": tuple(shape[2] // 2 for shape in convs[1:-1]),
        "dilations": _dilations(len(units) // downs),
        "unit_kernel": kernel,
        "unit_shrink": channels // hidden,
        "unit_shortcut": any(".shortcut." in key for key in shapes),
        "first_kernel": convs[0][2],
        "encoder_last_kernel": convs[-1][2],
        "decoder_last_kernel": ends[-1][2],
        "lstm_layers": len(layers),
        "latent": convs[-1][0],
        "group_norm": any(".norm." in key for key in shapes),
        "sizes": tuple(
            shapes[f"quantizer.layers.{n}.codebook.embed"][0] for n in range(len(books))
        ),
    }


def _dilations(units: int, growth: int = 2) -> tuple[int, ...]:
    return tuple(growth**n for n in range(units))


# ---- what shapes do not say ---------------------------------------------------------------------


def _published(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config of the published model of these sizes."""
    for name, config in _models().items():
        if all(config[key] == value for key, value in sizes.items()):
            return config
    raise ModelError(
        f"checkpoint has the keys of EnCodec but the sizes of none of {', '.join(_models())}, and "
        "does not say its rate and padding; put its config.json beside it"
    )


def _models() -> dict[str, dict[str, Any]]:
    from vocable.codecs import encodec

    made = (encodec.encodec_24khz, encodec.encodec_48khz, encodec.encodec_32khz)
    return {make.__name__: asdict(make()) for make in made}


def _name(config: Mapping[str, Any]) -> str:
    same = (n for n, c in _models().items() if all(c[key] == config[key] for key in config))
    return next(same, "encodec")


def _stated_by_config(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json says beside the sizes; its defaults are the 24 kHz's."""
    _check_config(config, sizes)
    rate, seconds = config.get("sampling_rate", 24_000), config.get("chunk_length_s")
    length = None if seconds is None else int(seconds * rate)
    overlap = config.get("overlap") or 0.0
    units = len(sizes["dilations"])
    return {
        "rate": rate,
        "causal": config.get("use_causal_conv", True),
        "edge": _edge(config.get("pad_mode", "reflect")),
        "fill": True,
        "dilations": _dilations(units, config.get("dilation_growth_rate", 2)),
        "segment": length and (length, max(1, int((1.0 - overlap) * length))),
        "prefixes": _prefixes(config.get("target_bandwidths", ()), rate, sizes),
    }


def _check_config(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> None:
    said = {
        "audio_channels": sizes["channels"],
        "num_filters": sizes["filters"],
        "upsampling_ratios": sizes["strides"][::-1],
        "hidden_size": sizes["latent"],
        "num_lstm_layers": sizes["lstm_layers"],
        "codebook_size": sizes["sizes"][0],
        "trim_right_ratio": 1.0,
        "normalize": config.get("chunk_length_s") is not None,
    }
    for key, wanted in said.items():
        value = config.get(key, wanted)
        value = tuple(value) if isinstance(value, list) else value
        if value != wanted:
            raise ModelError(
                f"config.json says {key} {config[key]}, which for these weights must be {wanted}; "
                "fetch both from one place"
            )


def _edge(pad_mode: str) -> str:
    if pad_mode not in _EDGES:
        raise ModelError(f'pad_mode is "{pad_mode}"; EnCodec pads by {", ".join(_EDGES)}')
    return _EDGES[pad_mode]


def _prefixes(bandwidths: Any, rate: int, sizes: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the numbers of levels of bandwidths in kbps, all levels included."""
    books = sizes["sizes"]
    each = math.log2(books[0]) * math.ceil(rate / math.prod(sizes["strides"]))  # bit/s of a level
    levels = {math.floor(bandwidth * 1000 / each) for bandwidth in bandwidths}
    return tuple(sorted({n for n in levels if 1 <= n < len(books)} | {len(books)}))


def _stated_by_recipe(recipe: str, sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what AudioCraft's recipe, YAML of OmegaConf, says beside the sizes."""
    rate, causal, edge, scaled = (
        re.search(rf"^ *{key}: *(\w+)$", recipe, re.M)
        for key in ("sample_rate", "causal", "pad_mode", "renormalize")
    )
    if rate is None or not rate[1].isdigit() or causal is None or edge is None:
        raise ModelError("xp.cfg of the checkpoint lacks sample_rate, causal or pad_mode")
    if scaled is not None and scaled[1] == "true":
        raise ModelError("xp.cfg says renormalize: true, which has not been published; not read")
    return {
        "rate": int(rate[1]),
        "causal": causal[1] == "true",
        "edge": _edge(edge[1]),
        "fill": True,
        "segment": None,
        "prefixes": (),
    }
