"""WavTokenizer's checkpoints: what Lightning kept of its training, and the yaml beside it.

    feature_extractor.encodec.encoder.…, .quantizer.…   as in the package `encodec`
    backbone.pos_net.…                                  residual blocks around attention
    backbone.…, head.…                                  Vocos' decoder

Sizes come from the shapes, the rate from the settings in the file; a yaml that says otherwise is
refused. Left out: the decoder of EnCodec, which the reference never runs, discriminators and
losses, and what only learning needs. Of four bandwidths the norms have, the first is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from vocable.codecs.keys import seanet, vocos
from vocable.codecs.keys.change import pointwise
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.wavtokenizer import INSIDE, PUBLISHED
from vocable.errors import ModelError
from vocable.weights import Row, fuse_weight_norm, rename

_CODEC = "feature_extractor.encodec."
_MODEL = (_CODEC + "encoder.", _CODEC + "quantizer.", "backbone.", "head.")  # what is run
_ATTENTION = "backbone.pos_net.2.q.weight"
_RATE = 24_000  # Hz; the only one that the reference's encoder is made for


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which WavTokenizer a checkpoint is, or None if it is of another family.

    Raises ModelError for one without its encoder or its codebook, and for one beside a yaml of
    other sizes.
    """
    if _ATTENTION not in checkpoint.shapes:
        return None
    with seanet.refusing("weights of such shapes make no WavTokenizer"):
        sizes = _sizes({_named(key): shape for key, shape in checkpoint.shapes.items()})
    sizes["rate"] = _stated_rate(checkpoint)
    vocos.check_yaml(
        checkpoint.path,
        {
            "sample_rate": sizes["rate"],
            "dowmsamples": sizes["strides"][::-1],  # so it is spelled there
            "num_quantizers": len(sizes["sizes"]),
            "vq_bins": sizes["sizes"][0],
            "intermediate_dim": sizes["hidden"],
            "num_layers": sizes["blocks"],
            "n_fft": sizes["window"],
            "hop_length": math.prod(sizes["strides"]),
            "padding": "same",
        },
    )
    for make in PUBLISHED:
        values = asdict(make())
        if values == values | sizes:
            return Recognised(make.__name__, "wavtokenizer", "wavtokenizer", values)
    return Recognised("wavtokenizer", "wavtokenizer", "wavtokenizer", sizes)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.wavtokenizer`, weight norm fused."""
    used = {k: v for k, v in checkpoint.tensors().items() if k.startswith(_MODEL)}
    tensors = fuse_weight_norm({_named(key): value for key, value in used.items()})
    blocks = recognised.config["blocks"]
    table = [
        *seanet.rvq_rows(tensors),
        *_rows(),
        *vocos.decoder_rows(blocks, "decoder.blocks", INSIDE, conditions=False),
    ]
    return rename(tensors, table)


def _named(key: str) -> str:
    """Return a key of the encoder and the codebook as transformers has it; others stay."""
    return seanet.as_in_transformers(key.removeprefix(_CODEC))


def _rows() -> Iterator[Row]:
    """Yield what becomes of the blocks before the first norm; ours begin with the convolution."""
    for number in (0, 1, 3, 4):
        theirs, branch = rf"backbone\.pos_net\.{number}", f"decoder.blocks.{number + 1}.branch"
        for name, member in (("norm1", 0), ("conv1", 2), ("norm2", 3), ("conv2", 5)):
            yield Row(rf"{theirs}\.{name}\.(weight|bias)", rf"{branch}.blocks.{member}.\1")
    theirs, branch = r"backbone\.pos_net\.2", "decoder.blocks.3.branch"
    yield Row(rf"{theirs}\.norm\.(weight|bias)", rf"{branch}.blocks.0.\1")
    for name, ours in (("q", "query"), ("k", "key"), ("v", "value"), ("proj_out", "out")):
        yield Row(rf"{theirs}\.{name}\.weight", f"{branch}.blocks.1.{ours}.weight", pointwise)
        yield Row(rf"{theirs}\.{name}\.bias", f"{branch}.blocks.1.{ours}.bias")
    yield Row(r"backbone\.pos_net\.5\.(weight|bias)", rf"decoder.blocks.{INSIDE}.\1")


def _sizes(shapes: seanet.Shapes) -> dict[str, Any]:
    """Return what the shapes say of a `WavTokenizerConfig`."""
    if not seanet.is_seanet_rvq(shapes):
        raise ModelError(
            "checkpoint has the decoder of WavTokenizer, but not both encoder and codebook; take "
            "the whole file"
        )
    fused = fused_shapes(shapes)
    return seanet.rvq_encoder_sizes(fused, "WavTokenizer") | vocos.decoder_sizes(shapes)


def _stated_rate(checkpoint: Checkpoint) -> int:
    settings = checkpoint.stated.get("hyper_parameters")
    rate = settings.get("sample_rate", _RATE) if isinstance(settings, Mapping) else _RATE
    if type(rate) is not int or rate < 1:
        raise ModelError(f"its settings say sample_rate {str(rate)[:60]}; wanted whole Hz, from 1")
    return rate
