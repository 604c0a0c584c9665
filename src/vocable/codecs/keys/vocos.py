"""Checkpoints of Vocos, and what those of its decoder share, WavTokenizer's among them.

backbone.embed, .norm, .convnext.N.…, .final_layer_norm; head.out; head.istft.window, which its
size says. A norm that knows several conditions has a row of `scale` and of `shift` for each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.keys.block_yaml import read_block_yaml, stated_anywhere
from vocable.codecs.keys.change import CONDITIONS as CONDITIONS
from vocable.codecs.keys.change import of_first
from vocable.codecs.keys.checkpoint import Checkpoint
from vocable.codecs.keys.seanet import refusing
from vocable.errors import ModelError
from vocable.weights import Row, rename

Shapes = Mapping[str, tuple[int, ...]]
_BLOCK = re.compile(r"backbone\.convnext\.(\d+)\.gamma")


def decoder_sizes(shapes: Shapes) -> dict[str, int]:
    """Return what shapes say of such a decoder; LookupError or ValueError where they say none."""
    hidden, width = shapes["backbone.convnext.0.pwconv1.weight"]
    return {
        "width": width,
        "hidden": hidden,
        "blocks": sum(_BLOCK.fullmatch(key) is not None for key in shapes),
        "window": shapes["head.out.weight"][0] - 2,
    }


def decoder_rows(blocks: int, stack: str, inside: int, *, conditions: bool) -> Iterator[Row]:
    """Yield what becomes of the keys of such a decoder, whose blocks are members of our `stack`.

    inside: members between the convolution and the norm. conditions: whether ours knows some too;
    else norms are the ones of the first.
    """
    first = inside + 1
    yield Row(r"backbone\.embed\.(weight|bias)", rf"{stack}.0.\1")
    yield from _norm(r"backbone\.norm", f"{stack}.{first}", conditions)
    for number in range(blocks):
        theirs, branch = rf"backbone\.convnext\.{number}", f"{stack}.{first + 1 + number}.branch"
        yield Row(rf"{theirs}\.dwconv\.(weight|bias)", rf"{branch}.blocks.0.\1")
        yield from _norm(rf"{theirs}\.norm", f"{branch}.blocks.1", conditions)
        yield Row(rf"{theirs}\.pwconv1\.(weight|bias)", rf"{branch}.blocks.2.\1")
        yield Row(rf"{theirs}\.pwconv2\.(weight|bias)", rf"{branch}.blocks.4.\1")
        yield Row(rf"{theirs}\.gamma", f"{branch}.blocks.5.weight")
    last = first + 1 + blocks
    yield Row(r"backbone\.final_layer_norm\.(weight|bias)", rf"{stack}.{last}.\1")
    yield Row(r"head\.out\.(weight|bias)", rf"{stack}.{last + 1}.\1")


def _norm(theirs: str, ours: str, conditions: bool) -> Iterator[Row]:
    if conditions:
        yield Row(rf"{theirs}\.(scale|shift)\.weight", rf"{ours}.\1")
        return
    yield Row(rf"{theirs}\.scale\.weight", f"{ours}.weight", of_first)
    yield Row(rf"{theirs}\.shift\.weight", f"{ours}.bias", of_first)
    yield Row(rf"{theirs}\.(weight|bias)", rf"{ours}.\1")


def window(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the window that the size of the last map asks for."""
    return {"head.istft.window": torch.hann_window(len(tensors["head.out.weight"]) - 2)}


# ---- the yaml beside a checkpoint ----------------------------------------------------------------


def check_yaml(weights: Path, needed: Mapping[str, Any]) -> None:
    """Refuse a checkpoint beside which yaml files lie that all say something else.

    needed: what each key says wherever it stands, as plain values; a file that does not have one
    says nothing of it.
    """
    complaints = []
    for path in sorted({*weights.parent.glob("*.yaml"), *weights.parent.glob("*.yml")}):
        stated = stated_by_yaml(path)
        wrong = [
            f"{path.name} says {key} {value}, which for these weights must be {_plain(wanted)}"
            for key, wanted in needed.items()
            for value in stated.get(key, ())
            if value != _plain(wanted)
        ]
        if not wrong:
            return
        complaints += wrong
    if complaints:
        raise ModelError(f"{complaints[0]}; fetch both from one place")


def stated_by_yaml(path: Path) -> dict[str, list[Any]]:
    """Return the values of each key of a yaml file: nothing in it is made or run."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not yaml ({error}); fetch it again") from error
    return stated_anywhere(read_block_yaml(text, str(path)))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


# ---- Vocos itself, behind EnCodec ----------------------------------------------------------------

BOOKS = "feature_extractor.codebook_weights"
_PUBLISHED = (1.5, 3.0, 6.0, 12.0)  # kbps


def holds_vocos(shapes: Shapes) -> bool:
    """Say whether a checkpoint is Vocos of tokens."""
    return "head.out.weight" in shapes and BOOKS in shapes


def sizes_behind(checkpoint: Checkpoint, codec: Mapping[str, Any], hop: int) -> dict[str, Any]:
    """Return what a checkpoint of Vocos says of a `VocosConfig`, behind a codec of such a config.

    hop: samples that a frame of the codec becomes. ModelError for what decodes no tokens, or not
    these.
    """
    if BOOKS not in checkpoint.shapes:
        raise ModelError(
            "it is no Vocos of EnCodec's tokens, which has feature_extractor.codebook_weights"
        )
    with refusing("weights of such shapes make no Vocos"):
        sizes: dict[str, Any] = decoder_sizes(checkpoint.shapes)
        known = checkpoint.shapes["backbone.norm.scale.weight"][0]
        features = checkpoint.shapes["backbone.embed.weight"][1]
    if features != codec["latent"]:
        raise ModelError(
            f"it decodes rows of {features} channels but the codec's have {codec['latent']}; take "
            "the Vocos that was trained behind this codec"
        )
    check_yaml(
        checkpoint.path,
        {
            "intermediate_dim": sizes["hidden"],
            "num_layers": sizes["blocks"],
            "n_fft": sizes["window"],
            "hop_length": hop,
            "padding": "same",
        },
    )
    return sizes | {"conditions": _conditions(checkpoint, codec, known)}


def decoder_tensors(checkpoint: Checkpoint, blocks: int) -> dict[str, Tensor]:
    """Return the tensors of Vocos by the keys of `vocable.codecs.vocos`."""
    table = [
        *decoder_rows(blocks, "decoder.block.blocks", 0, conditions=True),
        Row(r"head\.istft\.window", None),
        Row(r"feature_extractor\..*", None),  # EnCodec's own, which the codec brings
    ]
    return rename(checkpoint.tensors(), table)


def _conditions(checkpoint: Checkpoint, codec: Mapping[str, Any], known: int) -> tuple[int, ...]:
    """Return the levels of each bandwidth that the norms know; those of the yaml, if it says any.

    A level of EnCodec has the bits of its entries, times its frames a second.
    """
    stated: Sequence[float] = _PUBLISHED
    for path in sorted(checkpoint.path.parent.glob("*.yaml")):
        for value in stated_by_yaml(path).get("bandwidths", ()):
            stated = value if isinstance(value, list) else [value]
    each = math.log2(codec["sizes"][0]) * math.ceil(codec["rate"] / math.prod(codec["strides"]))
    with refusing("its bandwidths are not numbers"):
        levels = tuple(math.floor(float(kbps) * 1000 / each) for kbps in stated)
    if len(levels) != known or list(levels) != sorted({*levels}) or levels[0] < 1:
        kbps = ", ".join(map(str, stated))
        raise ModelError(
            f"its norms know {known} bandwidths, but {kbps} kbps are {list(levels)} levels of this "
            "codec; put the config.yaml that belongs to it beside it"
        )
    if levels[-1] > len(codec["sizes"]):
        raise ModelError(f"it decodes {levels[-1]} levels but the codec has {len(codec['sizes'])}")
    return levels
