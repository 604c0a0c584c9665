"""Checkpoints of DualCodec, as its authors publish them: one file, and what lies beside it.

    dac.{encoder,quantizer,decoder}.…        DAC's, named as in its package
    convnext_encoder.N  convnext_decoder.N   ConvNeXt blocks, and the maps before and behind them
    semantic_vq.quantizers.0.…               level 0
    statistics.{mean,var}                    of a .pt file, what features are standardised by
    w2v-bert-2.0.…                           w2v-BERT 2.0, of the folder that is called so

The last two are other files, and get these names where they are read (stored.py). Without one of
them the codec decodes only. The rate is not stated, and is the published ones'.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from vocable.codecs.keys import dac, seanet, steps
from vocable.codecs.keys.change import deviation, flat, pointwise
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form
from vocable.codecs.keys.fused import fused_shapes
from vocable.errors import ModelError
from vocable.units.dualcodec import PUBLISHED, DualCodecConfig
from vocable.units.keys import w2v_bert
from vocable.units.w2v_bert import W2vBert
from vocable.weights import Row

SPEECH, STATISTICS, SOUND = "w2v-bert-2.0.", "statistics.", "dac."
_BOOK = "semantic_vq.quantizers.0.codebook.weight"
_INNER = "convnext_decoder.0.pwconv1.weight"
_BLOCK = r"convnext_decoder\.\d+\.pwconv1\.weight"
_HOP = 320  # samples from one row of w2v-BERT to the next
_MEMBERS = {"dwconv": 0, "norm": 1, "pwconv1": 2, "pwconv2": 4}
_SPEECH, _HEARD = re.escape(SPEECH), "encoder.speech."
# layers whose files hold weight norm: all of DAC's but its codebooks, and the maps
_NORMED = r"dac\.(?!.*\.codebook$).*|semantic_vq\..*_proj|convnext_encoder\.0"


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which DualCodec a checkpoint is, or None if it is of another family."""
    shapes = fused_shapes(checkpoint.shapes)
    if not {_BOOK, _INNER} <= shapes.keys():
        return None
    with seanet.refusing("weights of such shapes make no DualCodec"):
        sizes = _sizes(checkpoint, shapes)
    own = {"encodes": sizes["encodes"], "semantic": sizes["semantic"]}
    names = (make.__name__ for make in PUBLISHED if asdict(make()) | own == sizes)
    return Recognised(next(names, "dualcodec"), "dualcodec", "dualcodec", sizes)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.units.dualcodec`, without weight norm."""
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    blocks, spoken = config["semantic"]["blocks"], config["blocks"]
    beyond = rf"{_SPEECH}encoder\.layers\.(?!(?:{'|'.join(map(str, range(blocks)))})\.).+"
    unheard = rf"(?:convnext_encoder\.|dac\.encoder\.|statistics\.|{_SPEECH}).+"
    return [
        steps.Aside(beyond if config["encodes"] else unheard, steps.nothing),
        *([steps.Part(SPEECH, _HEARD, w2v_bert.STEPS)] if config["encodes"] else []),
        steps.WeightNorm(_NORMED + rf"|convnext_decoder\.{spoken}"),
        steps.Table((steps.as_it_is(_HEARD), *_rows(spoken), *_sound_rows(config["sound"]))),
    ]


def _below(tensors: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _sound_rows(config: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what becomes of the parts of DAC."""
    depth = len(config["strides"])
    yield from dac.rows_in_package("dac.encoder", "encoder.sound.blocks", "down", depth)
    yield from dac.quantizer_rows(r"dac\.", "quantizer.rest")
    yield from dac.rows_in_package("dac.decoder", "decoder.blocks.1.block.blocks", "up", depth)


def _rows(blocks: int) -> Iterator[Row]:
    book, ours = r"semantic_vq\.quantizers\.0\.", "quantizer.spoken.stack.0.codebook"
    yield Row(book + r"codebook\.weight", f"{ours}.entries")
    yield from _map(book + "in_proj", f"{ours}.down")
    yield from _map(book + "out_proj", f"{ours}.up")
    yield from _map(r"convnext_encoder\.0", "encoder.spoken.blocks.0")
    yield from _map(rf"convnext_decoder\.{blocks}", f"quantizer.told.blocks.{blocks}")
    for n in range(blocks):
        for name, member in _MEMBERS.items():
            values = rf"{name}\.(weight|bias)"
            inner = rf"branch.blocks.{member}.\1"
            ours = f"encoder.spoken.blocks.{n + 1}.{inner}"
            yield Row(rf"convnext_encoder\.{n + 1}\.{values}", ours)
            yield Row(rf"convnext_decoder\.{n}\.{values}", f"quantizer.told.blocks.{n}.{inner}")
    yield Row(r"statistics\.mean", "encoder.standardise.mean", flat)
    yield Row(r"statistics\.var", "encoder.standardise.deviation", deviation)


def _map(theirs: str, ours: str) -> Iterator[Row]:
    yield Row(theirs + r"\.weight", f"{ours}.weight", pointwise)
    yield Row(theirs + r"\.bias", f"{ours}.bias")


def _sizes(checkpoint: Checkpoint, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Return what the shapes say of a `DualCodecConfig`."""
    usual = asdict(DualCodecConfig())
    sound = usual["sound"] | dac.sizes_in_package(checkpoint, _below(shapes, SOUND))
    size, code_width = shapes[_BOOK]
    hidden, width = shapes[_INNER]
    speech = _below(shapes, SPEECH)
    encodes = bool(speech) and f"{STATISTICS}mean" in shapes
    semantic = usual["semantic"]
    if encodes:
        semantic = w2v_bert.config_of(speech, {})
        semantic["blocks"] = min(semantic["blocks"], usual["semantic"]["blocks"])
        semantic = usual["semantic"] | semantic
    frame = math.prod(sound["strides"])
    return {
        "sound": sound,
        "semantic": semantic,
        "pooled": frame * W2vBert.rate // (sound["rate"] * _HOP),
        "size": size,
        "code_width": code_width,
        "width": width,
        "hidden": hidden,
        "blocks": sum(re.fullmatch(_BLOCK, key) is not None for key in shapes),
        "encodes": encodes,
    }


# ---- what is written ----------------------------------------------------------------------------


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file that its authors publish, and those that lie beside it.

    Raises ModelError for a model that decodes only: their file holds DAC's encoder as well.
    """
    if not config["encodes"]:
        raise ModelError(
            "it decodes only, but dualcodec files hold what encodes, too; convert what was read "
            "with w2v-BERT beside it"
        )
    sound, beside = config["sound"], (SPEECH, STATISTICS)
    rate = sound["rate"] // math.prod(sound["strides"])
    own = f"dualcodec_{rate}hz_{config['size']}_{sound['sizes'][0]}.safetensors"
    return {
        own: {key: value for key, value in tensors.items() if not key.startswith(beside)},
        "w2vbert2_mean_var_stats_emilia.pt": _below(tensors, STATISTICS),
        "w2v-bert-2.0/model.safetensors": _below(tensors, SPEECH),
        "w2v-bert-2.0/config.json": w2v_bert.hub_config(config["semantic"]),
    }


FORMS = {"dualcodec": Form(_steps, _files)}
