"""BigCodec's checkpoint: `bigcodec.pt`, the state dicts of its encoder and its generator.

    CodecEnc.block.N.…                                  the encoder
    generator.model.N.…                                 the decoder
    generator.quantizer.layers.N.{in_proj,out_proj}     the projections of a level
    generator.quantizer.layers.N._codebook.weight       its entries

Sizes come from the shapes. Nothing states the rate: it is that of the published model with these
sizes, or what a config.json beside the file says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vocable.codecs.bigcodec import PUBLISHED
from vocable.codecs.keys import anti_aliased as graph
from vocable.codecs.keys import steps
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, parted
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.keys.rate import with_rate
from vocable.codecs.keys.seanet import refusing
from vocable.errors import ModelError

ENCODER, DECODER, QUANTIZER = "CodecEnc.block", "generator.model", "generator.quantizer"
_LSTM = re.compile(r"CodecEnc\.block\.\d+\.lstm\.weight_ih_l\d+")


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return what a checkpoint of BigCodec holds, None for another's.

    Raises ModelError where the parts make no BigCodec, or nothing says the rate.
    """
    shapes = fused_shapes(checkpoint.shapes)
    if f"{ENCODER}.0.weight" not in shapes:
        return None
    if not (books := graph.books(shapes, QUANTIZER)):
        raise ModelError(
            f"{checkpoint.path} has BigCodec's encoder but no codebook, {QUANTIZER}; fetch it again"
        )
    with refusing("weights of such shapes make no BigCodec"):
        sizes = graph.sizes(shapes, ENCODER, DECODER) | {
            "lstm_layers": sum(_LSTM.fullmatch(key) is not None for key in shapes),
            "sizes": tuple(size for size, _ in books),
            "code_width": books[0][1],
        }
    name, config = with_rate(
        "BigCodec", PUBLISHED, sizes, checkpoint.config.get("sampling_rate"), checkpoint.path
    )
    return Recognised(name, "bigcodec", "bigcodec", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of our model, without weight norm and the shared filters.

    Raises ModelError for a key that is not BigCodec's.
    """
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    levels = graph.level_rows(re.escape(QUANTIZER), r"quantizer.stack.\1.codebook")
    rows = graph.rows(re.escape(ENCODER), re.escape(DECODER))
    return [graph.Filters(), steps.WeightNorm(graph.NORMED), steps.Table((*levels, *rows))]


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    return {"bigcodec.pt": parted(tensors), "config.json": {"sampling_rate": config["rate"]}}


FORMS = {"bigcodec": Form(_steps, _files)}
