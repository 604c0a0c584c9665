"""Checkpoints of X-Codec and of the Higgs audio tokenizer, as transformers saves them.

    acoustic_encoder.…  acoustic_decoder.…    DAC's, named as there
    semantic_model.…    encoder_semantic.…    HuBERT or WavLM, and the convolutions behind it
    quantizer.quantizers.N.…                  Higgs' levels have maps in and out

The config.json beside it says the rate, what HuBERT's weights do not show, and the bit rates that
were trained. Left out: the way back to HuBERT's features, and what only training needs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.change import pointwise
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.dac import rows_in_transformers
from vocable.codecs.keys.form import Form, all_equal, hub_files
from vocable.codecs.keys.fused import fused_shapes
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.units.higgs import higgs
from vocable.units.keys import wav2vec2
from vocable.units.xcodec import xcodec, xcodec_wavlm
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]
SPEECH, HEARD = "semantic_model.", "encoder.speech."
_MARK = "encoder_semantic.conv.weight"
_BOOK = re.compile(r"quantizer\.quantizers\.(\d+)\.codebook\.embed")
_BLOCK = r"encoder_semantic\.conv_blocks\.(\d+)\."
_UNUSED = r"fc1\..+|decoder_semantic\..+"


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which of the two a checkpoint is, or None if it is of another family.

    Raises ModelError for one without parts, without its config.json, and for settings of what
    neither does.
    """
    shapes = fused_shapes(checkpoint.shapes)
    if _MARK not in shapes:
        return None
    config = checkpoint.config
    if "semantic_model_config" not in config:
        raise ModelError(
            "checkpoint of X-Codec without its config.json, which says its rate; put it beside it"
        )
    speech = {
        k.removeprefix(SPEECH): s for k, s in checkpoint.shapes.items() if k.startswith(SPEECH)
    }
    if not speech:
        raise ModelError(f"checkpoint lacks {SPEECH}…, by which it encodes; fetch it again")
    semantic = wav2vec2.config_of(speech, config["semantic_model_config"])
    semantic["normalize"] = False  # it gets recordings as they are
    with seanet.refusing("weights of such shapes make no X-Codec"):
        sizes = _sizes(shapes, config) | {"semantic": semantic}
        make = higgs if sizes["code_width"] else xcodec_wavlm if "buckets" in semantic else xcodec
        architecture = "higgs" if make is higgs else "xcodec"
        _check(config, "higgs_audio_v2_tokenizer" if make is higgs else "xcodec", sizes)
    return Recognised(make.__name__, "transformers", architecture, asdict(make()) | sizes)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.units.xcodec`, without weight norm."""
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    return [
        steps.Part(SPEECH, HEARD, wav2vec2.STEPS),
        steps.Aside(_UNUSED, steps.nothing),
        seanet.STATISTICS,
        steps.WeightNorm(steps.NO_LAYER),
        steps.Table((steps.as_it_is(HEARD), *_rows(config))),
    ]


def _rows(config: Mapping[str, Any]) -> Iterator[Row]:
    depth = len(config["strides"])
    yield from rows_in_transformers("acoustic_encoder", "encoder.sound.blocks", "down", depth)
    yield from rows_in_transformers("acoustic_decoder", "decoder.blocks", "up", depth, first=1)
    yield Row(r"encoder_semantic\.conv\.weight", "encoder.adapter.blocks.0.weight")
    for block in range(config["blocks"]):
        theirs = rf"encoder_semantic\.conv_blocks\.{block}\."
        ours = f"encoder.adapter.blocks.{block + 1}"
        branch = rf"{ours}.blocks.\1.branch.blocks"
        yield Row(theirs + r"res_units\.(\d+)\.conv1\.weight", f"{branch}.1.weight")
        yield Row(theirs + r"res_units\.(\d+)\.conv2\.weight", f"{branch}.3.weight", pointwise)
        last = len(config["dilations"])
        yield Row(theirs + r"conv\.(weight|bias)", rf"{ours}.blocks.{last}.\1")
    yield Row(r"fc\.(weight|bias)", r"encoder.joined.\1")
    yield Row(r"fc2\.(weight|bias)", r"decoder.blocks.0.\1")
    level, own = r"quantizer\.quantizers\.(\d+)\.", r"quantizer.stack.\1.codebook"
    yield Row(level + r"codebook\.embed", f"{own}.entries")
    yield Row(level + r"project_in\.(weight|bias)", rf"{own}.down.\2")
    yield Row(level + r"project_out\.(weight|bias)", rf"{own}.up.\2")


def _sizes(shapes: Shapes, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the shapes and config.json say of an `XCodecConfig`."""
    downs = _matching(shapes, r"acoustic_encoder\.block\.(\d+)\.conv1\.weight")
    ups = _matching(shapes, r"acoustic_decoder\.block\.(\d+)\.conv_t1\.weight")
    books = _matching(shapes, _BOOK.pattern)
    blocks = _matching(shapes, _BLOCK + r"conv\.weight")
    units = _matching(shapes, r"encoder_semantic\.conv_blocks\.0\.res_units\.(\d+)\.conv1\.weight")
    dilations = tuple(config.get("block_dilations") or (1,) * len(units))
    if len(dilations) != len(units):
        raise ModelError(
            f"config.json has {len(dilations)} block_dilations, the weights {len(units)} units"
        )
    strides = tuple(shape[2] // 2 for shape in downs)
    rate = config.get("sample_rate", 16_000)
    if type(rate) is not int or rate < 1:
        raise ModelError(f"config.json says sample_rate {str(rate)[:60]}; wanted whole Hz, from 1")
    sizes = tuple(book[0] for book in books)
    projected = "quantizer.quantizers.0.project_in.weight" in shapes
    return {
        "rate": rate,
        "encoder_channels": downs[0][1],
        "strides": strides,
        "latent": shapes["acoustic_encoder.conv2.weight"][0],
        "decoder_channels": shapes["acoustic_decoder.conv1.weight"][0],
        "decoder_strides": tuple(shape[2] // 2 for shape in ups),
        "dilations": dilations,
        "blocks": len(blocks),
        "sizes": sizes,
        "prefixes": _prefixes(config, rate / math.prod(strides), sizes),
        "code_width": books[0][1] if projected else 0,
    }


def _prefixes(config: Mapping[str, Any], frames: float, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many levels the bit rates ask for that training drew; none said: any number."""
    stated = config.get("target_bandwidths")
    if not stated:
        return ()
    level = math.ceil(frames) * math.log2(sizes[0]) / 1000  # kbps
    counts = {min(len(sizes), max(1, math.floor(rate / level))) for rate in stated}
    return tuple(sorted(counts | {len(sizes)}))


def _matching(shapes: Shapes, pattern: str) -> list[tuple[int, ...]]:
    found = {int(m[1]): shape for k, shape in shapes.items() if (m := re.fullmatch(pattern, k))}
    return [found[number] for number in sorted(found)]


def _check(config: Mapping[str, Any], model_type: str, sizes: Mapping[str, Any]) -> None:
    """Refuse a config.json of other sizes, and one that asks for another function."""
    ones = (1,) * sizes["blocks"]
    check_config(
        config,
        {
            "model_type": model_type,
            "codebook_size": sizes["sizes"][0],
            "kernel_size": 3,
            "unit_kernel_size": 3,
            "strides": ones,
            "channel_ratios": ones,
            "semantic_sample_rate": 16_000,
            "downsample_factor": 320,
        },
    )
    check_config(
        config.get("acoustic_model_config") or {},
        {
            "encoder_hidden_size": sizes["encoder_channels"],
            "downsampling_ratios": sizes["strides"],
            "upsampling_ratios": sizes["decoder_strides"],
            "hidden_size": sizes["latent"],
            "decoder_hidden_size": sizes["decoder_channels"],
        },
    )


# ---- what is written ----------------------------------------------------------------------------


def _about(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return transformers' config.json; the way back to HuBERT's features is drawn anew there."""
    c, ones = config, [1] * config["blocks"]
    entries = all_equal(c["sizes"], "entries of a level")
    frame, width = math.prod(c["strides"]), c["latent"] + c["semantic"]["width"]
    level = math.ceil(c["rate"] / frame) * math.log2(entries) / 1000  # kbps
    offered = c["prefixes"] or range(1, len(c["sizes"]) + 1)
    kind = "higgs_audio_v2_tokenizer" if c["code_width"] else "xcodec"
    return {
        "model_type": kind,
        "sample_rate": c["rate"],
        "target_bandwidths": [levels * level for levels in offered],
        "codebook_size": entries,
        "codebook_dim": c["code_width"] or width,
        "kernel_size": 3,
        "unit_kernel_size": 3,
        "block_dilations": list(c["dilations"]),
        "channel_ratios": ones,
        "strides": ones,
        "semantic_sample_rate": 16_000,
        "downsample_factor": 320,
        "acoustic_model_config": {
            "model_type": "dac",
            "encoder_hidden_size": c["encoder_channels"],
            "downsampling_ratios": list(c["strides"]),
            "hidden_size": c["latent"],
            "decoder_hidden_size": c["decoder_channels"],
            "upsampling_ratios": list(c["decoder_strides"] or c["strides"]),
            "sampling_rate": c["rate"],
        },
        "semantic_model_config": wav2vec2.hub_config(c["semantic"]),
    }


FORMS = {"transformers": Form(_steps, hub_files(_about))}
