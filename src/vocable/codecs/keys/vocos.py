"""Checkpoints of Vocos, and what those of its decoder share, WavTokenizer's among them.

backbone.embed, .norm, .convnext.N.…, .final_layer_norm; head.out; head.istft.window, which its
size says. A norm that knows several conditions has a row of `scale` and of `shift` for each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs.keys import steps
from vocable.codecs.keys.block_yaml import read_block_yaml, stated_anywhere
from vocable.codecs.keys.change import CONDITIONS as CONDITIONS
from vocable.codecs.keys.change import of_first
from vocable.codecs.keys.checkpoint import Checkpoint
from vocable.codecs.keys.form import Form
from vocable.codecs.keys.seanet import refusing
from vocable.errors import ModelError
from vocable.weights import Row

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

_CODEC = "feature_extractor."
BOOKS = f"{_CODEC}codebook_weights"
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


def decoder_tensors(checkpoint: Checkpoint, sizes: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the tensors of Vocos by the keys of `vocable.codecs.vocos`."""
    return steps.read(_steps(sizes), checkpoint.tensors())


@dataclass(frozen=True)
class Beside:
    """Leaves out the codec that Vocos decodes; of it, a file of Vocos has the first entries."""

    levels: int

    def read(self, tensors: steps.Tensors) -> dict[str, Tensor]:
        """Leave it out."""
        return {key: value for key, value in tensors.items() if not key.startswith(_CODEC)}

    def write(self, tensors: steps.Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Leave it out, but for the entries of the levels that are decoded."""
        found = {key: value for key, value in tensors.items() if key.startswith("decoder.")}
        books = [tensors[f"quantizer.stack.{n}.codebook.entries"] for n in range(self.levels)]
        return found | {BOOKS: torch.cat(books)}


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    rows = decoder_rows(config["blocks"], "decoder.block.blocks", 0, conditions=True)
    return [
        steps.Aside(r"head\.istft\.window", window),
        steps.Table((steps.as_it_is(_CODEC), *rows)),
        Beside(config["conditions"][-1]),
    ]


def _conditions(checkpoint: Checkpoint, codec: Mapping[str, Any], known: int) -> tuple[int, ...]:
    """Return the levels of each bandwidth that the norms know; those of the yaml, if it says any.

    A level of EnCodec has the bits of its entries, times its frames a second.
    """
    stated: Sequence[float] = _PUBLISHED
    for path in sorted(checkpoint.path.parent.glob("*.yaml")):
        for value in stated_by_yaml(path).get("bandwidths", ()):
            stated = value if isinstance(value, list) else [value]
    each = _bits(codec)
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


def _bits(codec: Mapping[str, Any]) -> float:
    """Return the bits a second of a level of EnCodec."""
    frames: int = math.ceil(codec["rate"] / math.prod(codec["strides"]))
    return math.log2(codec["sizes"][0]) * frames


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return Vocos alone, and the yaml that makes its network."""
    c, each = config, _bits(config) / 1000
    yaml = _YAML.format(
        bandwidths=[levels * each for levels in c["conditions"]],
        known=len(c["conditions"]),
        hop=math.prod(c["decoder_strides"] or c["strides"]),
        **{key: c[key] for key in ("latent", "width", "hidden", "blocks", "window")},
    )
    return {"pytorch_model.bin": dict(tensors), "config.yaml": yaml}


_YAML = """\
feature_extractor:
  class_path: vocos.feature_extractors.EncodecFeatures
  init_args:
    encodec_model: encodec_24khz
    bandwidths: {bandwidths}

backbone:
  class_path: vocos.models.VocosBackbone
  init_args:
    input_channels: {latent}
    dim: {width}
    intermediate_dim: {hidden}
    num_layers: {blocks}
    adanorm_num_embeddings: {known}

head:
  class_path: vocos.heads.ISTFTHead
  init_args:
    dim: {width}
    n_fft: {window}
    hop_length: {hop}
    padding: same
"""

FORMS = {"vocos": Form(_steps, _files, whole=False)}
