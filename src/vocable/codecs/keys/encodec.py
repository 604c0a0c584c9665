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
from typing import Any

from torch import Tensor

from vocable.codecs.encodec import PUBLISHED
from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, all_equal, hub_files
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.keys.seanet import Shapes
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row

_EDGES = {"reflect": "reflect", "constant": "zeros", "zero": "zeros"}


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which EnCodec a checkpoint is, or None if it is of another family.

    Raises ModelError for one whose config and weights disagree, that asks for what EnCodec does
    not do, or that says too little: a file of no published size without its config.
    """
    shapes = {seanet.as_in_transformers(key): shape for key, shape in checkpoint.shapes.items()}
    if not seanet.is_seanet_rvq(shapes) or seanet.reads_backwards(shapes):
        return None
    layout = "transformers" if seanet.BOOK in checkpoint.shapes else "encodec"
    with seanet.refusing("weights of such shapes make no EnCodec"):
        sizes = _sizes(fused_shapes(shapes))
    if checkpoint.config:
        with seanet.refusing("config.json does not describe an EnCodec"):
            config = sizes | _stated_by_config(checkpoint.config, sizes)
    elif isinstance(recipe := checkpoint.stated.get("xp.cfg"), str):
        layout, config = "audiocraft", sizes | _stated_by_recipe(recipe, sizes)
    else:
        config = _published(sizes)
    return Recognised(_name(config), layout, "encodec", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.encodec`, weight norm fused."""
    return steps.read(FORMS[recognised.layout].steps(recognised.config), checkpoint.tensors())


def _steps(names: steps.Names, config: Mapping[str, Any]) -> list[steps.Step]:
    """Return the way from transformers' keys; a convolution with a norm is a block of two."""
    normed = bool(config["group_norm"])
    side, layer = r"(encoder|decoder)\.layers\.(\d+)", r"\1.blocks.\2"
    table = (
        *seanet.rvq_rows(config, "conv." if normed else ""),
        Row(side + r"\.norm\.(weight|bias)", layer + r".norm.\3"),
        Row(side + r"\.block\.([13])\.norm\.(weight|bias)", layer + r".branch.blocks.\3.norm.\4"),
        Row(side + r"\.shortcut\.norm\.(weight|bias)", layer + r".shortcut.norm.\3"),
    )
    fused = [] if normed else [steps.WeightNorm(r".*\.conv")]
    return [names, seanet.STATISTICS, *fused, steps.Table(table)]


# ---- sizes, from the shapes of fused weights ----------------------------------------------------


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes say of an `EnCodecConfig`."""
    norm = {"group_norm": any(".norm." in key for key in shapes)}
    return seanet.rvq_sizes(shapes, "EnCodec") | norm


# ---- what shapes do not say ---------------------------------------------------------------------


def _published(sizes: dict[str, Any]) -> dict[str, Any]:
    """Return the config of the published model of these sizes."""
    for make in PUBLISHED:
        config = asdict(make())
        if config == config | sizes:
            return config
    names = ", ".join(make.__name__ for make in PUBLISHED)
    raise ModelError(
        f"checkpoint has the keys of EnCodec but the sizes of none of {names}, and does not say "
        "its rate and padding; put its config.json beside it"
    )


def _name(config: dict[str, Any]) -> str:
    """Return the name of the published model of this config, else the family's."""
    published = ((make.__name__, asdict(make())) for make in PUBLISHED)
    return next((name for name, values in published if values == values | config), "encodec")


def _stated_by_config(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json says beside the sizes; defaults are the 24 kHz's."""
    needed = {
        "num_lstm_layers": sizes["lstm_layers"],
        "normalize": config.get("chunk_length_s") is not None,
    }
    check_config(config, seanet.needed_of_graph(sizes) | needed)
    rate, seconds = config.get("sampling_rate", 24_000), config.get("chunk_length_s")
    if type(rate) is not int or rate < 1:
        raise ModelError(
            f"config.json says sampling_rate {str(rate)[:60]}; wanted whole Hz, from 1"
        )
    length = None if seconds is None else int(seconds * rate)
    overlap = config.get("overlap") or 0.0
    units = len(sizes["dilations"])
    return {
        "rate": rate,
        "causal": config.get("use_causal_conv", True),
        "edge": _edge(config.get("pad_mode", "reflect")),
        "fill": True,
        "dilations": seanet.dilations(units, config.get("dilation_growth_rate", 2)),
        "segment": length and (length, max(1, int((1.0 - overlap) * length))),
        "prefixes": _prefixes(config.get("target_bandwidths", ()), rate, sizes),
    }


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


# ---- what is written ----------------------------------------------------------------------------


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return transformers' config.json."""
    c = config
    entries = all_equal(c["sizes"], "entries of a level")
    each = math.log2(entries) * math.ceil(c["rate"] / math.prod(c["strides"]))
    length, hop = c["segment"] or (0, 0)
    offered = c["prefixes"] or range(1, len(c["sizes"]) + 1)  # numbers of levels
    found = {
        "target_bandwidths": [levels * each / 1000 for levels in offered],
        "sampling_rate": c["rate"],
        "normalize": bool(length),
        "chunk_length_s": length / c["rate"] if length else None,
        "overlap": (length - hop) / length if length else None,
        "norm_type": "time_group_norm" if c["group_norm"] else "weight_norm",
    }
    return seanet.config_of_graph(c, "encodec", "EncodecModel") | found


def _package_files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    return {"model.th": tensors, "config.json": _config(config)}


_HUB = steps.Names(steps.old_halves, steps.PARAMETRISED)


def _of_hub(config: Mapping[str, Any]) -> list[steps.Step]:
    return _steps(_HUB, config)


def _of_package(config: Mapping[str, Any]) -> list[steps.Step]:
    names = steps.Names(seanet.as_in_transformers, seanet.as_in_package(config))
    return _steps(names, config)


FORMS = {
    "transformers": Form(_of_hub, hub_files(_config)),
    "encodec": Form(_of_package, _package_files),
    "audiocraft": Form(_of_package),
}
