"""FACodec's checkpoint, the first version's: two state dicts, of its encoder and its decoder.

    block.N.…                                       the encoder (…_encoder.bin)
    model.N.…                                       the decoder (…_decoder.bin, as all that follows)
    quantizer.{0,1,2}.layers.N.…                    prosody, content and detail
    timbre_encoder.{layers.N.…,last_ln}             the encoder of the voice
    timbre_linear                                   what a voice asks of the decoder
    *_predictor                                     heads of training alone, left out

Sizes come from the shapes, but for the heads of attention, which are the published 4, and the rate:
it is that of the published model with these sizes, or what a config.json beside the files says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.facodec import PUBLISHED
from vocable.codecs.keys import anti_aliased as graph
from vocable.codecs.keys import steps
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.keys.rate import with_rate
from vocable.codecs.keys.seanet import refusing
from vocable.errors import ModelError
from vocable.weights import Row

ENCODER, DECODER = "block", "model"
_POSITIONS = 5000  # rows that the reference has of them
_PARTS = ("prosody", "content", "detail")
_HALVES = {
    f"{ENCODER}.0.weight": "encoder",
    f"{DECODER}.0.weight": "decoder",
    "timbre_linear.weight": "decoder",
}  # keys that say which file it is
_OTHERS = {
    "mel_transform.mel_basis": "the second version, whose prosody comes from a mel spectrum",
    "melspec_linear.weight": "the second version, whose prosody comes from a mel spectrum",
    "prosody_embs.0.weight": "the decoder for other voices, which has embeddings of its own",
}
_LAYER = re.compile(r"timbre_encoder\.layers\.(\d+)\.ffn\.ffn_1\.weight")


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return what the two files of a FACodec hold, None for another's.

    Raises ModelError for one of them alone, for the second version, where the parts make no
    FACodec, and where nothing says the rate.
    """
    shapes = fused_shapes(checkpoint.shapes)
    activation = re.compile(rf"({ENCODER}|{DECODER})\.1\.block\.\d\.(block\.\d\.)?act\.beta")
    if not any(activation.fullmatch(key) for key in shapes):
        return None
    _check_version(checkpoint, shapes)
    _check_halves(checkpoint, shapes)
    with refusing("weights of such shapes make no FACodec"):
        sizes = _sizes(checkpoint, shapes)
    name, config = with_rate(
        "FACodec", PUBLISHED, sizes, checkpoint.config.get("sampling_rate"), checkpoint.path
    )
    return Recognised(name, "facodec", "facodec", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of our model, without weight norm and the shared filters.

    Raises ModelError for a key that is not FACodec's.
    """
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    heads = steps.Aside(r".*_predictor\..*", steps.nothing)
    positions = steps.Aside(r"timbre_encoder\.position_emb\.pe", _positions)
    table = steps.Table((*_rows(), *graph.rows(ENCODER, DECODER)))
    return [heads, positions, graph.Filters(), steps.WeightNorm(graph.NORMED), table]


# ---- keys ---------------------------------------------------------------------------------------


def _rows() -> Iterator[Row]:
    for number in (0, 1):
        ours = rf"quantizer.beside.{number}.stack.\1.codebook"
        yield from graph.level_rows(rf"quantizer\.{number}", ours)
    yield from graph.level_rows(r"quantizer\.2", r"quantizer.rest.stack.\1.codebook")
    layer, ours = r"timbre_encoder\.layers\.(\d+)\.", r"side_encoder.layers.blocks.\1.blocks"
    for number in (0, 1):
        norm, inner = rf"{layer}ln_{number + 1}\.(weight|bias)", rf"{ours}.{number}.branch.blocks"
        yield Row(norm, rf"{inner}.0.\2")
    yield Row(layer + r"self_attn\.in_proj_(weight|bias)", rf"{ours}.0.branch.blocks.1.into.\2")
    yield Row(layer + r"self_attn\.out_proj\.(weight|bias)", rf"{ours}.0.branch.blocks.1.out.\2")
    yield Row(layer + r"ffn\.ffn_1\.(weight|bias)", rf"{ours}.1.branch.blocks.1.\2")
    yield Row(layer + r"ffn\.ffn_2\.(weight|bias)", rf"{ours}.1.branch.blocks.3.\2")
    yield Row(r"timbre_encoder\.last_ln\.(weight|bias)", r"side_encoder.norm.\1")
    yield Row(r"timbre_linear\.(weight|bias)", r"style.\1")


# ---- what is written ----------------------------------------------------------------------------


def _positions(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return sines and cosines of positions; of these the first alone is used, a constant."""
    width = len(tensors["timbre_encoder.last_ln.weight"])
    turns = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(_POSITIONS)[:, None] * turns
    table = torch.stack((angles.sin(), angles.cos()), 2).reshape(_POSITIONS, 1, width)
    return {"timbre_encoder.position_emb.pe": table}


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    inside = {k: v for k, v in tensors.items() if k.startswith(f"{ENCODER}.")}
    return {
        "ns3_facodec_encoder.bin": inside,
        "ns3_facodec_decoder.bin": {k: v for k, v in tensors.items() if k not in inside},
        "config.json": {"sampling_rate": config["rate"]},
    }


FORMS = {"facodec": Form(_steps, _files)}


# ---- sizes --------------------------------------------------------------------------------------


def _check_version(checkpoint: Checkpoint, shapes: graph.Shapes) -> None:
    for key, what in _OTHERS.items():
        if key in shapes:
            raise ModelError(
                f"{checkpoint.path} is {what}; take the first, ns3_facodec_encoder.bin and "
                "ns3_facodec_decoder.bin"
            )


def _check_halves(checkpoint: Checkpoint, shapes: graph.Shapes) -> None:
    here = {half for key, half in _HALVES.items() if key in shapes}
    for half in sorted({*_HALVES.values()} - here):
        raise ModelError(
            f"{checkpoint.path} is part of a FACodec without its {half}; put the file of the "
            f"{half}, ns3_facodec_{half}.bin, beside it"
        )


def _sizes(checkpoint: Checkpoint, shapes: graph.Shapes) -> dict[str, Any]:
    """Return the values of a FACodecConfig that the shapes tell."""
    books = [graph.books(shapes, f"quantizer.{number}") for number in range(len(_PARTS))]
    for part, number in zip(_PARTS, range(len(_PARTS)), strict=True):
        if not books[number]:
            raise ModelError(
                f"{checkpoint.path} has no codebook of {part}, quantizer.{number}; fetch it again"
            )
    layers = [key for key in shapes if _LAYER.fullmatch(key)]
    hidden, _, kernel = shapes["timbre_encoder.layers.0.ffn.ffn_1.weight"]
    found = {part: tuple(size for size, _ in own) for part, own in zip(_PARTS, books, strict=True)}
    return graph.sizes(shapes, ENCODER, DECODER) | {
        **found,
        "code_width": books[0][0][1],
        "timbre_layers": len(layers),
        "timbre_hidden": hidden,
        "timbre_kernel": kernel,
    }
