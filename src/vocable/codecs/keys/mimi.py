"""Mimi's checkpoints: those of transformers and those of Kyutai's `moshi`.

    transformers   encoder.layers.N.conv.…       flat, or as its modules lie since 5.23, with
                                                 `encoder.` or `decoder.` before; config.json beside
    moshi          encoder.model.N.conv.conv.…   nothing beside it that speaks of Mimi

transformers turns the two halves of a head's channels against each other by position, as we do;
moshi neighbours, so its rows of queries and keys are put in our order. Both store the sums and the
counts of a codebook's learning, whose quotient, formed in fp32, are its entries.
"""

from __future__ import annotations

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

_PARTS = ("semantic", "acoustic")
_VQ = "quantizer.{}_residual_vector_quantizer."
_MARKS = [_VQ.format(part) + "input_proj.weight" for part in _PARTS]
# what others call otherwise than transformers' flat files, in order
_RENAMED = (
    # transformers' modules
    (r"^(?:encoder|decoder)\.(encoder|decoder)(?:_seanet)?\.layers\.", r"\1.layers."),
    (r"^(?:encoder|decoder)\.(\w+_transformer|downsample|upsample)\.", r"\1."),
    # moshi
    (r"^(encoder|decoder)\.model\.", r"\1.layers."),
    (r"^(downsample|upsample)\.(conv|convtr)\.\2\.\2\.", r"\1.conv."),
    (r"\.(conv|convtr)\.\1\.", ".conv."),
    (r"_transformer\.transformer\.", "_transformer."),
    (r"\.self_attn\.(?:in_proj_weight|in_projs\.0\.weight)$", ".self_attn.in_proj.weight"),
    (r"\.self_attn\.(?:out_proj|out_projs\.0)\.", ".self_attn.o_proj."),
    (r"\.linear([12])\.", r".mlp.fc\1."),
    (r"\.norm1\.", ".input_layernorm."),
    (r"\.norm2\.", ".post_attention_layernorm."),
    (r"\.layer_scale_1\.", ".self_attn_layer_scale."),
    (r"\.layer_scale_2\.", ".mlp_layer_scale."),
    (r"^quantizer\.rvq_first\.", _VQ.format("semantic")),
    (r"^quantizer\.rvq_rest\.", _VQ.format("acoustic")),
    (r"\.vq\.layers\.(\d+)\._codebook\.", r".layers.\1.codebook."),
    (r"\.codebook\.(?:_initialized|inited)$", ".codebook.initialized"),
    (r"\.codebook\.cluster_size$", ".codebook.cluster_usage"),
    (r"\.codebook\.(?:embedding_sum|embed_avg)$", ".codebook.embed_sum"),
)


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which Mimi a checkpoint is, or None if it is of another family.

    Raises ModelError for one whose config asks for what Mimi does not do, or that says too little:
    a file of no published size without transformers' config beside it.
    """
    shapes = {_as_in_transformers(key): shape for key, shape in checkpoint.shapes.items()}
    if not all(mark in shapes for mark in _MARKS):
        return None
    stacked = any(key.endswith(".self_attn.in_proj.weight") for key in shapes)
    sizes = _sizes(shapes)
    if checkpoint.config.get("model_type") == "mimi":
        config = sizes | _stated(checkpoint.config, sizes)
    else:
        config = _published(sizes)
    return Recognised("mimi", "moshi" if stacked else "transformers", "mimi", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.mimi`."""
    from vocable import weights

    tensors = {}
    for key, value in checkpoint.tensors().items():
        name = _as_in_transformers(key)
        if name in tensors:
            raise ModelError(f"checkpoint has two keys for {name}, the second is {key}")
        tensors[name] = value
    tensors = _with_entries(_with_stacked_maps(tensors, recognised.config["heads"]))
    return weights.rename(tensors, _table(tensors))


def _as_in_transformers(key: str) -> str:
    for pattern, instead in _RENAMED:
        key = re.sub(pattern, instead, key)
    return key


# ---- tensors ------------------------------------------------------------------------------------


def _with_stacked_maps(tensors: Mapping[str, Tensor], heads: int) -> dict[str, Tensor]:
    """Return tensors with queries, keys and values as one map; each head's pairs in our order."""
    import torch

    found = dict(tensors)
    for key in tensors:
        if key.endswith(".self_attn.q_proj.weight"):
            name = key.removesuffix("q_proj.weight")
            three = [_taken(found, f"{name}{part}_proj.weight") for part in "qkv"]
            found[name + "in_proj.weight"] = torch.cat(three)
        elif key.endswith(".self_attn.in_proj.weight"):
            query, keys, value = found[key].chunk(3)
            found[key] = torch.cat([_halves(query, heads), _halves(keys, heads), value])
    return found


def _halves(rows: Tensor, heads: int) -> Tensor:
    """Put the first of all pairs of neighbours before the second, in each head."""
    pairs = rows.reshape(heads, -1, 2, rows.shape[1])
    return pairs.transpose(1, 2).reshape(rows.shape)


def _with_entries(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with the entries of codebooks in place of their sums and counts."""
    found = dict(tensors)
    for key in tensors:
        if key.endswith(".codebook.embed_sum"):
            name = key.removesuffix("embed_sum")
            sums, counts = _taken(found, key), _taken(found, name + "cluster_usage")
            found[name + "embed"] = sums.float() / counts.float().clamp(min=1e-5)[:, None]
    return found


def _taken(tensors: dict[str, Tensor], key: str) -> Tensor:
    if key not in tensors:
        raise ModelError(
            f"checkpoint lacks {key}, without which others mean nothing; fetch it again"
        )
    return tensors.pop(key)


def _table(keys: Mapping[str, Any]) -> list[Row]:
    """Return what becomes of transformers' keys, once maps are stacked and codebooks formed."""
    from vocable.codecs.keys.change import pointwise, transposed
    from vocable.weights import Row

    last = max(_layers(keys, "decoder"), default=0)
    ends = rf"decoder\.layers\.(?!0\.|{last}\.)(\d+)\.conv\.weight"
    table = [Row(ends, r"decoder.blocks.2.blocks.\1.weight", transposed)]
    for side, seanet in (("encoder", 0), ("decoder", 2)):
        layer, own = rf"{side}\.layers\.(\d+)", rf"{side}.blocks.{seanet}.blocks.\1"
        table += [
            Row(layer + r"\.conv\.(weight|bias)", own + r".\2"),
            Row(layer + r"\.block\.3\.conv\.weight", own + ".branch.blocks.3.weight", pointwise),
            Row(layer + r"\.block\.([13])\.conv\.(weight|bias)", own + r".branch.blocks.\2.\3"),
            Row(layer + r"\.shortcut\.conv\.weight", own + ".shortcut.weight", pointwise),
            Row(layer + r"\.shortcut\.conv\.bias", own + ".shortcut.bias"),
            *_of_layers(Row, side),
        ]
    for number, part in enumerate(_PARTS):
        vq = re.escape(_VQ.format(part))
        stack = rf"quantizer.parts.{number}.stack.\1.codebook.entries"
        table += [
            Row(vq + r"input_proj\.weight", f"quantizer.into.{number}.weight", pointwise),
            Row(vq + r"output_proj\.weight", f"quantizer.out.{number}.weight", pointwise),
            Row(vq + r"layers\.(\d+)\.codebook\.embed", stack),
            Row(vq + r"layers\.\d+\.codebook\.initialized", None),
        ]
    return [
        *table,
        Row(r"downsample\.conv\.weight", "encoder.blocks.2.weight"),
        Row(r"upsample\.conv\.weight", "decoder.blocks.0.weight", transposed),
    ]


def _of_layers(row: type[Row], side: str) -> list[Row]:
    """Return what becomes of the keys of a transformer's layers."""
    names = {
        r"input_layernorm\.(weight|bias)": r"0.branch.blocks.0.\2",
        r"self_attn\.in_proj\.weight": "0.branch.blocks.1.into.weight",
        r"self_attn\.o_proj\.weight": "0.branch.blocks.1.out.weight",
        r"self_attn_layer_scale\.scale": "0.branch.blocks.2.weight",
        r"post_attention_layernorm\.(weight|bias)": r"1.branch.blocks.0.\2",
        r"mlp\.fc1\.weight": "1.branch.blocks.1.weight",
        r"mlp\.fc2\.weight": "1.branch.blocks.3.weight",
        r"mlp_layer_scale\.scale": "1.branch.blocks.4.weight",
    }
    layer, own = rf"{side}_transformer\.layers\.(\d+)\.", rf"{side}.blocks.1.blocks.\1.blocks."
    return [row(layer + theirs, own + ours) for theirs, ours in names.items()]


# ---- sizes --------------------------------------------------------------------------------------


def _layers(keys: Mapping[str, Any], side: str, what: str = "conv") -> list[int]:
    """Return the numbers of an encoder's or decoder's layers that are convolutions."""
    pattern = re.compile(rf"{side}\.layers\.(\d+)\.{what}\.weight")
    return sorted(int(match[1]) for key in keys if (match := pattern.fullmatch(key)))


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes say of a `MimiConfig`."""
    convs = [shapes[f"encoder.layers.{n}.conv.weight"] for n in _layers(shapes, "encoder")]
    ends = [shapes[f"decoder.layers.{n}.conv.weight"] for n in _layers(shapes, "decoder")]
    units = _layers(shapes, "encoder", r"block\.1\.conv")
    downs = len(convs) - 2
    if downs < 1 or len(ends) != len(convs) or not units or len(units) % downs:
        raise ModelError(
            f"checkpoint has {len(convs)} convolutions in its encoder, {len(ends)} in its decoder "
            f"and {len(units)} residual units, which make no Mimi; fetch it again"
        )
    hidden, channels, kernel = shapes[f"encoder.layers.{units[0]}.block.1.conv.weight"]
    books = [_books(shapes, part) for part in _PARTS]
    layers = "encoder_transformer.layers."
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
        "latent": convs[-1][0],
        "resample": _shape(shapes, "downsample.conv.weight")[2] // 2,
        "layers": sum(
            bool(re.fullmatch(re.escape(layers) + r"\d+\.mlp\.fc1\.weight", key)) for key in shapes
        ),
        "hidden": _shape(shapes, layers + "0.mlp.fc1.weight")[0],
        "codebook_width": shapes[_MARKS[0]][0],
        "semantic": len(books[0]),
        "sizes": tuple(books[0] + books[1]),
    }


def _books(shapes: Shapes, part: str) -> list[int]:
    """Return the entries of each level of a part."""
    pattern = re.compile(re.escape(_VQ.format(part)) + r"layers\.\d+\.codebook\.embed_sum")
    count = sum(bool(pattern.fullmatch(key)) for key in shapes)
    name = _VQ.format(part) + "layers.{}.codebook.embed_sum"
    return [_shape(shapes, name.format(n))[0] for n in range(max(count, 1))]


def _shape(shapes: Shapes, key: str) -> tuple[int, ...]:
    if key not in shapes:
        raise ModelError(f"checkpoint lacks {key}, which every Mimi has; fetch it again")
    return shapes[key]


def _dilations(units: int, growth: int = 2) -> tuple[int, ...]:
    return tuple(growth**n for n in range(units))


# ---- what shapes do not say ---------------------------------------------------------------------


def _published(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the published config, of as many levels as there are."""
    from vocable.codecs.mimi import mimi

    config = asdict(mimi())
    for key, value in sizes.items():
        if key != "sizes" and config[key] != value:
            raise ModelError(
                f"checkpoint has the keys of Mimi but {key} {value}, not {config[key]} as the "
                "published one, and does not say its rate, heads and context; put its config.json "
                "beside it"
            )
    return config | {"sizes": sizes["sizes"]}


def _stated(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json says beside the sizes."""
    heads = config.get("num_attention_heads", 8)
    rotary = config.get("rope_parameters") or {}
    _check(config, rotary, sizes, heads)
    return {
        "rate": config.get("sampling_rate", 24_000),
        "dilations": _dilations(len(sizes["dilations"]), config.get("dilation_growth_rate", 2)),
        "heads": heads,
        "context": config.get("sliding_window", 250),
        "base": float(rotary.get("rope_theta", config.get("rope_theta", 10_000.0))),
    }


def _check(
    config: Mapping[str, Any], rotary: Mapping[str, Any], sizes: Mapping[str, Any], heads: int
) -> None:
    """Refuse a config of other sizes than the weights have, or of what Mimi does not do."""
    said = {
        "audio_channels": sizes["channels"],
        "num_filters": sizes["filters"],
        "upsampling_ratios": sizes["strides"][::-1],
        "hidden_size": sizes["latent"],
        "num_hidden_layers": sizes["layers"],
        "codebook_size": sizes["sizes"][0],
        "num_key_value_heads": heads,
        "head_dim": sizes["latent"] // heads,
        "use_causal_conv": True,
        "pad_mode": "constant",
        "trim_right_ratio": 1.0,
        "hidden_act": "gelu",
        "attention_bias": False,
        "norm_eps": 1e-5,
        "upsample_groups": sizes["latent"],
        "rope_type": "default",
    }
    for key, wanted in said.items():
        value = rotary.get(key, wanted) if key == "rope_type" else config.get(key)
        value = tuple(value) if isinstance(value, list) else value
        if value is not None and value != wanted:
            raise ModelError(
                f"config.json says {key} {value}, which for these weights must be {wanted}; "
                "fetch both from one place"
            )
