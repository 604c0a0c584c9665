"""Mimi's checkpoints: those of transformers and those of Kyutai's `moshi`.

    transformers   encoder.layers.N.conv.…       flat, or as its modules lie since 5.23, with
                                                 `encoder.` or `decoder.` before; config.json beside
    moshi          encoder.model.N.conv.conv.…   nothing beside it that speaks of Mimi

transformers turns the two halves of a head's channels against each other by position, as we do;
moshi neighbours, so its rows of queries and keys are put in our order. Both store the sums and the
counts of a codebook's learning, whose quotient, formed in fp32, are its entries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.change import in_halves, in_pairs, pointwise, transposed
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, all_equal, hub_files
from vocable.codecs.keys.seanet import Shapes
from vocable.codecs.mimi import mimi
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row

PARTS = ("semantic", "acoustic")
VQ = "quantizer.{}_residual_vector_quantizer."
_MARKS = [VQ.format(part) + "input_proj.weight" for part in PARTS]
# what others call otherwise than transformers' flat files, in order
_RENAMED: steps.Pairs = (
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
    (r"^quantizer\.rvq_first\.", VQ.format("semantic")),
    (r"^quantizer\.rvq_rest\.", VQ.format("acoustic")),
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
    shapes = {as_in_transformers(key): shape for key, shape in checkpoint.shapes.items()}
    if not all(mark in shapes for mark in _MARKS):
        return None
    stacked = any(key.endswith(".self_attn.in_proj.weight") for key in shapes)
    with seanet.refusing("weights of such shapes make no Mimi"):
        sizes = seanet.sizes(shapes, "Mimi") | encoder_sizes(shapes)
    if checkpoint.config.get("model_type") == "mimi":
        with seanet.refusing("config.json does not describe a Mimi"):
            config = sizes | stated(checkpoint.config, sizes)
    else:  # none, or that of a language model which uses it
        config = _published(sizes)
    return Recognised("mimi", "moshi" if stacked else "transformers", "mimi", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.mimi`."""
    return steps.read(FORMS[recognised.layout].steps(recognised.config), checkpoint.tensors())


def as_in_transformers(key: str) -> str:
    """Return a key of any layout as transformers' flat files have it."""
    return steps.substituted(key, _RENAMED)


# ---- tensors ------------------------------------------------------------------------------------

MAPS = steps.Stacked(
    tuple(f".self_attn.{part}_proj.weight" for part in "qkv"), ".self_attn.in_proj.weight"
)


def _initialized(tensors: steps.Tensors) -> dict[str, Tensor]:
    """Return what says that the encoder's codebooks hold entries."""
    sums = [key for key in tensors if key.endswith(".embed_sum") and key.startswith("quantizer.")]
    return {key.removesuffix("embed_sum") + "initialized": torch.ones(1) for key in sums}


BOOKS = (steps.Aside(r".*\.codebook\.initialized", _initialized), steps.Entries())


@dataclass(frozen=True)
class Halves:
    """Rows of queries and keys in our order: the first of all pairs of neighbours, in each head."""

    heads: int

    def read(self, tensors: steps.Tensors) -> dict[str, Tensor]:
        """Put the first of all pairs before the second."""
        return _with_maps(tensors, partial(in_halves, heads=self.heads))

    def write(self, tensors: steps.Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Put pairs beside one another."""
        return _with_maps(tensors, partial(in_pairs, heads=self.heads))


def _with_maps(tensors: steps.Tensors, turned: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    return {
        key: turned(value) if key.endswith(MAPS.into) else value for key, value in tensors.items()
    }


def _table(config: Mapping[str, Any]) -> steps.Table:
    """Return what becomes of transformers' keys, once maps are stacked and codebooks formed."""
    return steps.Table(
        (
            *encoder_rows(config),
            Row(r"upsample\.conv\.weight", "decoder.blocks.0.weight", transposed),
            *seanet.rows(config, "decoder", "decoder.blocks.2.blocks"),
            *layer_rows("decoder", "decoder.blocks.1"),
        )
    )


def encoder_rows(config: Mapping[str, Any]) -> list[Row]:
    """Return what becomes of the keys of the encoder and the quantizer."""
    table = [
        Row(r"downsample\.conv\.weight", "encoder.blocks.2.weight"),
        *seanet.rows(config, "encoder", "encoder.blocks.0.blocks"),
        *layer_rows("encoder", "encoder.blocks.1"),
    ]
    for number, part in enumerate(PARTS):
        vq = re.escape(VQ.format(part))
        stack = rf"quantizer.parts.{number}.stack.\1.codebook.entries"
        table += [
            Row(vq + r"input_proj\.weight", f"quantizer.into.{number}.weight", pointwise),
            Row(vq + r"output_proj\.weight", f"quantizer.out.{number}.weight", pointwise),
            Row(vq + r"layers\.(\d+)\.codebook\.embed", stack),
        ]
    return table


def layer_rows(side: str, stack: str) -> list[Row]:
    """Return what becomes of the keys of the layers of a side's transformer, our `stack`."""
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
    layer, own = rf"{side}_transformer\.layers\.(\d+)\.", rf"{stack}.blocks.\1.blocks."
    return [Row(layer + theirs, own + ours) for theirs, ours in names.items()]


# ---- sizes --------------------------------------------------------------------------------------


def encoder_sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes say of a `MimiEncoderConfig`, but for its SEANet."""
    layers = "encoder_transformer.layers."
    counted = re.compile(re.escape(layers) + r"\d+\.mlp\.fc1\.weight")
    books = [_books(shapes, part) for part in PARTS]
    return {
        "resample": shapes["downsample.conv.weight"][2] // 2,
        "layers": sum(bool(counted.fullmatch(key)) for key in shapes),
        "hidden": shapes[layers + "0.mlp.fc1.weight"][0],
        "codebook_width": shapes[_MARKS[0]][0],
        "semantic": len(books[0]),
        "sizes": tuple(books[0] + books[1]),
    }


def _books(shapes: Shapes, part: str) -> list[int]:
    """Return the entries of each level of a part."""
    name = VQ.format(part) + "layers.{}.codebook.embed_sum"
    pattern = re.compile(re.escape(name).replace(r"\{\}", r"\d+"))
    count = sum(bool(pattern.fullmatch(key)) for key in shapes)
    return [shapes[name.format(n)][0] for n in range(count)]


# ---- what shapes do not say ---------------------------------------------------------------------


def _published(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the published config, of as many levels as there are."""
    config = asdict(mimi())
    for key, value in sizes.items():
        if key != "sizes" and config[key] != value:
            raise ModelError(
                f"checkpoint has the keys of Mimi but {key} {value}, not {config[key]} as the "
                "published one, and does not say its rate, heads and context; put its config.json "
                "beside it"
            )
    return config | {"sizes": sizes["sizes"]}


def stated(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json says beside the sizes."""
    given = {key: value for key, value in config.items() if value is not None}
    heads, rotary = given.get("num_attention_heads", 8), given.get("rope_parameters", {})
    needed = {
        "num_hidden_layers": sizes["layers"],
        "intermediate_size": sizes["hidden"],
        "num_quantizers": len(sizes["sizes"]),
        "num_semantic_quantizers": sizes["semantic"],
        "codebook_dim": sizes["codebook_width"],
        "num_key_value_heads": heads,
        "head_dim": sizes["latent"] // heads,
        "use_causal_conv": True,
        "pad_mode": "constant",
        "hidden_act": "gelu",
        "attention_bias": False,
        "norm_eps": 1e-5,
        "upsample_groups": sizes["latent"],
    }
    check_config(given, seanet.needed_of_graph(sizes) | needed)
    check_config(rotary, {"rope_type": "default"})
    units, growth = len(sizes["dilations"]), given.get("dilation_growth_rate", 2)
    return {
        "rate": given.get("sampling_rate", 24_000),
        "dilations": seanet.dilations(units, growth),
        "heads": heads,
        "context": given.get("sliding_window", 250),
        "base": float(rotary.get("rope_theta", given.get("rope_theta", 10_000.0))),
    }


# ---- what is written ----------------------------------------------------------------------------

_MOSHI: steps.Pairs = (  # what takes `as_in_transformers` back, from what is said last
    (rf"^{re.escape(VQ.format('semantic'))}", "quantizer.rvq_first."),
    (rf"^{re.escape(VQ.format('acoustic'))}", "quantizer.rvq_rest."),
    (r"\.layers\.(\d+)\.codebook\.", r".vq.layers.\1._codebook."),
    (r"\._codebook\.initialized$", "._codebook._initialized"),
    (r"\._codebook\.embed_sum$", "._codebook.embedding_sum"),
    (r"\.mlp_layer_scale\.", ".layer_scale_2."),
    (r"\.self_attn_layer_scale\.", ".layer_scale_1."),
    (r"\.post_attention_layernorm\.", ".norm2."),
    (r"\.input_layernorm\.", ".norm1."),
    (r"\.mlp\.fc([12])\.", r".linear\1."),
    (r"\.self_attn\.o_proj\.", ".self_attn.out_proj."),
    (r"\.self_attn\.in_proj\.weight$", ".self_attn.in_proj_weight"),
    (r"_transformer\.layers\.", "_transformer.transformer.layers."),
    (r"^downsample\.conv\.", "downsample.conv.conv.conv."),
    (r"^upsample\.conv\.", "upsample.convtr.convtr.convtr."),
)


def encoder_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json says, but for the decoder's kernel."""
    c = {**config, "lstm_layers": 0, "decoder_last_kernel": config["encoder_last_kernel"]}
    found = {
        "sampling_rate": c["rate"],
        "frame_rate": c["rate"] / (math.prod(c["strides"]) * c["resample"]),
        "codebook_dim": c["codebook_width"],
        "vector_quantization_hidden_dimension": c["codebook_width"],
        "num_quantizers": len(c["sizes"]),
        "num_semantic_quantizers": c["semantic"],
        "upsample_groups": c["latent"],
        "num_hidden_layers": c["layers"],
        "intermediate_size": c["hidden"],
        "num_attention_heads": c["heads"],
        "num_key_value_heads": c["heads"],
        "head_dim": c["latent"] // c["heads"],
        "sliding_window": c["context"],
        "rope_parameters": {"rope_type": "default", "rope_theta": c["base"]},
        "norm_eps": 1e-5,
        "attention_bias": False,
        "hidden_act": "gelu",
    }
    graph = seanet.config_of_graph(c, "mimi", "MimiModel")
    del graph["num_lstm_layers"]
    return graph | found


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    ends = [config["encoder_last_kernel"], config["decoder_last_kernel"]]
    all_equal(ends, "last kernels")
    return encoder_config(config)


def _of_hub(config: Mapping[str, Any]) -> list[steps.Step]:
    return [steps.Names(as_in_transformers), MAPS, *BOOKS, _table(config)]


def _of_moshi(config: Mapping[str, Any]) -> list[steps.Step]:
    back = (*_MOSHI, *seanet.as_in_package(config))
    names = steps.Names(as_in_transformers, back)
    return [names, Halves(config["heads"]), *BOOKS, _table(config)]


FORMS = {
    "transformers": Form(_of_hub, hub_files(_config)),
    "moshi": Form(_of_moshi, hub_files(_config)),
}
