"""SpeechTokenizer's checkpoints: a state dict of its package, and the config.json beside it.

Keys are those of the package `encodec`, with an LSTM that runs backwards too; `alpha` where Snake
stands for ELU. Sizes come from the shapes. What only training needs is left out: the linear map to
the teacher's width (`transform`), and the statistics of the codebooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.change import per_channel
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, all_equal
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.speechtokenizer import PUBLISHED
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which SpeechTokenizer a checkpoint is, or None if it is of another family.

    Raises ModelError for one whose config and weights disagree, and for one of no published size
    without its config.
    """
    shapes = {seanet.as_in_transformers(key): shape for key, shape in checkpoint.shapes.items()}
    if not (seanet.is_seanet_rvq(shapes) and seanet.reads_backwards(shapes)):
        return None
    with seanet.refusing("weights of such shapes make no SpeechTokenizer"):
        fused = fused_shapes(shapes)
        snake = any(key.endswith(".alpha") for key in shapes)
        sizes = seanet.rvq_sizes(fused, "SpeechTokenizer") | {"snake": snake}
    if checkpoint.config:
        with seanet.refusing("config.json does not describe a SpeechTokenizer"):
            sizes |= _stated(checkpoint.config, sizes)
    return Recognised(*_named(sizes))


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.speechtokenizer`, weight norm fused."""
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    layer, own = r"(encoder|decoder)\.layers\.(\d+)", r"\1.blocks.\2"
    table = (
        *seanet.rvq_rows(config),
        Row(layer + r"\.alpha", own + ".alpha", per_channel),
        Row(layer + r"\.block\.([02])\.alpha", own + r".branch.blocks.\3.alpha", per_channel),
    )
    return [
        steps.Names(seanet.as_in_transformers, seanet.as_in_package(config)),
        steps.Aside(r"transform\.(weight|bias)", steps.nothing),
        seanet.STATISTICS,
        steps.WeightNorm(r".*\.conv"),
        steps.Table(table),
    ]


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files of the package; equal widths say that there is no map to the teacher's."""
    c = config
    stated = {
        "n_filters": c["filters"],
        "strides": list(c["strides"][::-1]),
        "dimension": c["latent"],
        "semantic_dimension": c["latent"],
        "bidirectional": True,
        "dilation_base": seanet.growth_of(c["dilations"]),
        "residual_kernel_size": c["unit_kernel"],
        "n_residual_layers": len(c["dilations"]),
        "lstm_layers": c["lstm_layers"],
        "activation": "Snake" if c["snake"] else "ELU",
        "codebook_size": all_equal(c["sizes"], "entries of a level"),
        "n_q": len(c["sizes"]),
        "sample_rate": c["rate"],
    }
    return {"SpeechTokenizer.pt": tensors, "config.json": stated}


FORMS = {"speechtokenizer": Form(_steps, _files)}


def _named(found: dict[str, Any]) -> tuple[str, str, str, dict[str, Any]]:
    """Return name, layout, architecture and config of what the weights and the config say."""
    for make in PUBLISHED:
        config = asdict(make())
        if config == config | found:
            return make.__name__, "speechtokenizer", "speechtokenizer", config
    if "rate" not in found:
        names = ", ".join(make.__name__ for make in PUBLISHED)
        raise ModelError(
            f"checkpoint has the keys of SpeechTokenizer but the sizes of none of {names}, and "
            "does not say its rate; put its config.json beside it"
        )
    return "speechtokenizer", "speechtokenizer", "speechtokenizer", found


def _stated(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what config.json says beside the sizes; refuse what the weights contradict."""
    needed = {
        "n_filters": sizes["filters"],
        "strides": sizes["strides"][::-1],
        "dimension": sizes["latent"],
        "lstm_layers": sizes["lstm_layers"],
        "bidirectional": True,
        "residual_kernel_size": sizes["unit_kernel"],
        "n_residual_layers": len(sizes["dilations"]),
        "activation": "Snake" if sizes["snake"] else "ELU",
        "codebook_size": sizes["sizes"][0],
        "n_q": len(sizes["sizes"]),
    }
    check_config(config, needed)
    rate = config.get("sample_rate")
    if type(rate) is not int or rate < 1:
        raise ModelError(f"config.json says sample_rate {str(rate)[:60]}; wanted whole Hz, from 1")
    growth = config.get("dilation_base") or 2
    return {"rate": rate, "dilations": seanet.dilations(len(sizes["dilations"]), growth)}
