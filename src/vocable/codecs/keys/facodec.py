"""FACodec's checkpoints of both versions: two state dicts, of its encoder and its decoder.

    block.N.…                                       the encoder (…_encoder.bin)
    model.N.…                                       the decoder (…_decoder.bin, as all that follows)
    quantizer.{0,1,2}.layers.N.…                    prosody, content and detail
    timbre_encoder.{layers.N.…,last_ln}             the encoder of the voice
    timbre_linear                                   what a voice asks of the decoder
    *_predictor                                     heads of training alone, left out
    mel_transform.{mel_basis,hann_window}           of the second version, in the first file
    melspec_linear, melspec_encoder.…               what prosody hears there, in the other

Sizes come from the shapes, but for the heads of attention, which are the published 4, and the rate:
it is that of the published model with these sizes, or what a config.json beside the files says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs.facodec import PUBLISHED
from vocable.codecs.keys import anti_aliased as graph
from vocable.codecs.keys import steps
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.keys.rate import with_rate
from vocable.codecs.keys.seanet import refusing
from vocable.errors import ModelError
from vocable.signal.slaney import slaney_filters
from vocable.signal.spectra import hann
from vocable.weights import Row

ENCODER, DECODER = "block", "model"
_POSITIONS = 5000  # rows that the reference has of them
_PARTS = ("prosody", "content", "detail")
_HALVES = {
    f"{ENCODER}.0.weight": "encoder",
    f"{DECODER}.0.weight": "decoder",
    "timbre_linear.weight": "decoder",
}  # keys that say which file it is
_BASIS, _WINDOW, _INTO = "mel_transform.mel_basis", "mel_transform.hann_window", "melspec_linear"
_SECOND = {_BASIS: "encoder", f"{_INTO}.weight": "decoder"}  # keys of the second version alone
_REDECODER = "prosody_embs.0.weight"
_NEAR = 1e-3  # of the largest entry: more than half precision takes from it
_LAYER = re.compile(r"timbre_encoder\.layers\.(\d+)\.ffn\.ffn_1\.weight")


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return what the two files of a FACodec hold, None for another's.

    Raises ModelError for one of them alone, for halves of both versions, for the decoder for other
    voices, where the parts make no FACodec, and where nothing says the rate.
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
    positions = steps.Aside(r"(?:timbre|melspec)_encoder\.position_emb\.pe", _positions)
    second = bool(config["prosody_bands"])
    stack = "encoder.latents.blocks" if second else "encoder.blocks"
    graphs = (*graph.encoder_rows(ENCODER, stack), *graph.decoder_rows(DECODER))
    table = steps.Table((*_rows(), *(_rows_of_prosody() if second else ()), *graphs))
    spectrum = [Spectrum(config["rate"], config["transform"], config["bands"], config["window"])]
    own: list[steps.Step] = [*spectrum] if second else []
    return [heads, positions, *own, graph.Filters(), steps.WeightNorm(graph.NORMED), table]


# ---- keys ---------------------------------------------------------------------------------------


def _rows() -> Iterator[Row]:
    for number in (0, 1):
        ours = rf"quantizer.beside.{number}.stack.\1.codebook"
        yield from graph.level_rows(rf"quantizer\.{number}", ours)
    yield from graph.level_rows(r"quantizer\.2", r"quantizer.rest.stack.\1.codebook")
    yield from _rows_of_layers("timbre_encoder", "side_encoder")
    yield Row(r"timbre_linear\.(weight|bias)", r"style.\1")


def _rows_of_prosody() -> Iterator[Row]:
    yield from _rows_of_layers("melspec_encoder", "encoder.prosody")
    yield Row(rf"{_INTO}\.(weight|bias)", r"encoder.prosody.into.\1")


def _rows_of_layers(theirs: str, stack: str) -> Iterator[Row]:
    layer, ours = rf"{theirs}\.layers\.(\d+)\.", rf"{stack}.layers.blocks.\1.blocks"
    for number in (0, 1):
        norm, inner = rf"{layer}ln_{number + 1}\.(weight|bias)", rf"{ours}.{number}.branch.blocks"
        yield Row(norm, rf"{inner}.0.\2")
    yield Row(layer + r"self_attn\.in_proj_(weight|bias)", rf"{ours}.0.branch.blocks.1.into.\2")
    yield Row(layer + r"self_attn\.out_proj\.(weight|bias)", rf"{ours}.0.branch.blocks.1.out.\2")
    yield Row(layer + r"ffn\.ffn_1\.(weight|bias)", rf"{ours}.1.branch.blocks.1.\2")
    yield Row(layer + r"ffn\.ffn_2\.(weight|bias)", rf"{ours}.1.branch.blocks.3.\2")
    yield Row(rf"{theirs}\.last_ln\.(weight|bias)", rf"{stack}.norm.\1")


@dataclass(frozen=True)
class Spectrum:
    """Leaves out the filters and the window of the mel spectrum, which must be librosa's."""

    rate: int
    transform: int
    bands: int
    window: int

    def read(self, tensors: steps.Tensors) -> dict[str, Tensor]:
        """Leave them out, once they are checked."""
        for key, wanted in self._own().items():
            if key in tensors and not _alike(tensors[key].float(), wanted):
                raise ModelError(
                    f"{key} is not that of {self.bands} mel bands of {self.rate} Hz, in windows of "
                    f"{self.window} samples; fetch it again"
                )
        return {key: value for key, value in tensors.items() if key not in (_BASIS, _WINDOW)}

    def write(self, tensors: steps.Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Put them back."""
        return {**tensors, **self._own()}

    def _own(self) -> dict[str, Tensor]:
        filters = torch.from_numpy(slaney_filters(self.rate, self.transform, self.bands).T.copy())
        return {_BASIS: filters.float(), _WINDOW: hann(self.window)}


def _alike(found: Tensor, wanted: Tensor) -> bool:
    near = _NEAR * float(wanted.max())
    return found.shape == wanted.shape and torch.allclose(found, wanted, rtol=0, atol=near)


# ---- what is written ----------------------------------------------------------------------------


def _positions(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return sines and cosines of positions; of these the first alone is used, a constant."""
    transformers = [
        key.partition(".")[0] for key in tensors if key.endswith("_encoder.last_ln.bias")
    ]
    width = len(tensors["timbre_encoder.last_ln.weight"])
    turns = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(_POSITIONS)[:, None] * turns
    table = torch.stack((angles.sin(), angles.cos()), 2).reshape(_POSITIONS, 1, width)
    return {f"{name}.position_emb.pe": table for name in transformers}


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    own = (f"{ENCODER}.", _BASIS, _WINDOW)
    inside = {k: v for k, v in tensors.items() if k.startswith(own)}
    version = "_v2" if config["prosody_bands"] else ""
    return {
        f"ns3_facodec_encoder{version}.bin": inside,
        f"ns3_facodec_decoder{version}.bin": {k: v for k, v in tensors.items() if k not in inside},
        "config.json": {"sampling_rate": config["rate"]},
    }


FORMS = {"facodec": Form(_steps, _files)}


# ---- sizes --------------------------------------------------------------------------------------


def _check_version(checkpoint: Checkpoint, shapes: graph.Shapes) -> None:
    if _REDECODER in shapes:
        raise ModelError(
            f"{checkpoint.path} is the decoder for other voices, which has embeddings of its own; "
            "take ns3_facodec_encoder.bin and ns3_facodec_decoder.bin, or those with _v2"
        )
    of_second = {half for key, half in _SECOND.items() if key in shapes}
    if len(of_second) == 1 and {"encoder", "decoder"} <= _halves(shapes):
        (half,) = of_second
        raise ModelError(
            f"{checkpoint.path} is the {half} of FACodec's second version beside another half of "
            "the first; put the halves of one version into a folder"
        )


def _halves(shapes: graph.Shapes) -> set[str]:
    return {half for key, half in _HALVES.items() if key in shapes}


def _check_halves(checkpoint: Checkpoint, shapes: graph.Shapes) -> None:
    version = "_v2" if _SECOND.keys() & shapes.keys() else ""
    for half in sorted({*_HALVES.values()} - _halves(shapes)):
        raise ModelError(
            f"{checkpoint.path} is part of a FACodec without its {half}; put the file of the "
            f"{half}, ns3_facodec_{half}{version}.bin, beside it"
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
        **_sizes_of_prosody(shapes),
        "code_width": books[0][0][1],
        "timbre_layers": len(layers),
        "timbre_hidden": hidden,
        "timbre_kernel": kernel,
    }


def _sizes_of_prosody(shapes: graph.Shapes) -> dict[str, int]:
    """Return those of the second version, none of the first."""
    if _BASIS not in shapes:
        return {}
    bands, bins = shapes[_BASIS]
    return {
        "prosody_bands": shapes[f"{_INTO}.weight"][1],
        "bands": bands,
        "transform": 2 * (bins - 1),
        "window": shapes[_WINDOW][0],
    }
