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
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs.keys import seanet, steps, vocos
from vocable.codecs.keys.change import pointwise
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, all_equal
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.seanet import decoder
from vocable.codecs.wavtokenizer import INSIDE, PUBLISHED, WavTokenizerConfig
from vocable.errors import ModelError
from vocable.nn.settings import without_memory
from vocable.weights import Row

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
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    table = (
        *seanet.rvq_encoder_rows(config),
        *_rows(),
        *vocos.decoder_rows(config["blocks"], "decoder.blocks", INSIDE, conditions=False),
    )
    back = (*seanet.as_in_package(config), (r"^(encoder|quantizer)\.", rf"{_CODEC}\1."))
    return [
        steps.Aside(rf"(?!{'|'.join(map(re.escape, _MODEL))}).*", partial(_never_run, config)),
        steps.Aside(r"head\.istft\.window", vocos.window),
        steps.Names(_named, back),
        seanet.STATISTICS,
        steps.WeightNorm(r"encoder\..*"),
        steps.Table(table),
    ]


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


# ---- what is written ----------------------------------------------------------------------------


def _never_run(config: Mapping[str, Any], _: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return zeros for the decoder of EnCodec, which the reference holds and never runs.

    Its strides are always those at 24 kHz.
    """
    sizes = {**config, "strides": (2, 4, 5, 8), "decoder_strides": ()}
    unused = nn.Module()
    with without_memory():
        unused.decoder = decoder(WavTokenizerConfig(**sizes))
    zeros = {key: torch.zeros(value.shape) for key, value in unused.state_dict().items()}
    names = steps.Names(_named, (*seanet.as_in_package(sizes), ("^", _CODEC)))
    table = steps.Table(tuple(seanet.rvq_rows(sizes)))
    return steps.write([names, steps.WeightNorm(r".*\.conv"), table], zeros, unused)


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Lightning would keep, and the yaml that makes the reference's networks."""
    c, hop = config, math.prod(config["strides"])
    yaml = _YAML.format(
        rate=c["rate"],
        strides=list(c["strides"][::-1]),
        levels=len(c["sizes"]),
        entries=all_equal(c["sizes"], "entries of a level"),
        latent=c["latent"],
        width=c["width"],
        hidden=c["hidden"],
        blocks=c["blocks"],
        conditions=vocos.CONDITIONS,
        window=c["window"],
        hop=hop,
    )
    held = {"state_dict": dict(tensors), "hyper_parameters": {"sample_rate": c["rate"]}}
    return {"model.ckpt": held, "config.yaml": yaml}


_YAML = """\
model:
  init_args:
    sample_rate: {rate}
    feature_extractor:
      class_path: decoder.feature_extractors.EncodecFeatures
      init_args:
        encodec_model: encodec_24khz
        bandwidths: [6.6, 6.6, 6.6, 6.6]
        train_codebooks: true
        num_quantizers: {levels}
        dowmsamples: {strides}
        vq_bins: {entries}
        vq_kmeans: 200
    backbone:
      class_path: decoder.models.VocosBackbone
      init_args:
        input_channels: {latent}
        dim: {width}
        intermediate_dim: {hidden}
        num_layers: {blocks}
        adanorm_num_embeddings: {conditions}
    head:
      class_path: decoder.heads.ISTFTHead
      init_args:
        dim: {width}
        n_fft: {window}
        hop_length: {hop}
        padding: same
"""
FORMS = {"wavtokenizer": Form(_steps, _files)}
