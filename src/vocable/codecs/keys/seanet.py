"""What the checkpoints of SEANet's families share, once their keys are named as in transformers.

encoder.layers.N.conv.…             a convolution, strided or not; N as in the stacks of ours
encoder.layers.N.block.{1,3}.conv.… a residual unit; `shortcut.conv` where its skip is one
decoder.layers.N.conv.…             of all but the first and the last, transposed
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.decoder_strides import decoder_strides
from vocable.codecs.keys.change import pointwise, transposed
from vocable.codecs.keys.form import all_equal
from vocable.codecs.keys.steps import Aside, Pairs, old_halves, substituted
from vocable.errors import ModelError
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]
# what the package `encodec`, and what was made of it, calls otherwise than transformers, in order
_PACKAGE: Pairs = (
    (r"^(encoder|decoder)\.model\.", r"\1.layers."),
    (r"\.(conv|convtr)\.\1\.", ".conv."),
    (r"\.(conv|convtr)\.norm\.", ".norm."),
    (r"^quantizer\.vq\.layers\.(\d+)\._codebook\.", r"quantizer.layers.\1.codebook."),
)
BOOK = "quantizer.layers.0.codebook.embed"
_FIRST = re.compile(r"encoder\.layers\.0\.conv\.(weight|weight_v|parametrizations\..*)")


def as_in_transformers(key: str) -> str:
    """Return a key of the package `encodec` as transformers has it; its own stay."""
    return old_halves(substituted(key, _PACKAGE))


def as_in_package(config: Mapping[str, Any]) -> Pairs:
    """Return what takes `as_in_transformers` back for a SEANet of these sizes."""
    spread = "|".join(map(str, spread_layers(config)))
    return (
        (rf"^decoder\.layers\.({spread})\.conv\.", r"decoder.model.\1.convtr.convtr."),
        (rf"^decoder\.layers\.({spread})\.norm\.", r"decoder.model.\1.convtr.norm."),
        (r"^(encoder|decoder)\.layers\.", r"\1.model."),
        (r"^((?:encoder|decoder)\..*)\.conv\.(?=weight|bias)", r"\1.conv.conv."),
        (r"^((?:encoder|decoder)\.(?!.*convtr).*)\.norm\.", r"\1.conv.norm."),
        (r"^quantizer\.layers\.(\d+)\.codebook\.", r"quantizer.vq.layers.\1._codebook."),
    )


def spread_layers(config: Mapping[str, Any]) -> list[int]:
    """Return the numbers of a decoder's transposed convolutions."""
    strides = decoder_strides(config["strides"], config.get("decoder_strides", ()))
    first = 2 + bool(config.get("lstm_layers", 0))
    return [first + n * (2 + len(config["dilations"])) for n in range(len(strides))]


def is_seanet_rvq(shapes: Shapes) -> bool:
    """Say whether keys, named as in transformers, are of a SEANet around an RVQ."""
    return BOOK in shapes and any(_FIRST.fullmatch(key) for key in shapes)


def reads_backwards(shapes: Shapes) -> bool:
    """Say whether an LSTM runs in both directions: SpeechTokenizer's."""
    return any(key.endswith("_reverse") for key in shapes)


def numbers(keys: Mapping[str, Any], side: str, what: str = "conv") -> list[int]:
    """Return the numbers of an encoder's or decoder's layers that are convolutions."""
    pattern = re.compile(rf"{side}\.layers\.(\d+)\.{what}\.weight")
    return sorted(int(match[1]) for key in keys if (match := pattern.fullmatch(key)))


def rows(config: Mapping[str, Any], side: str, stack: str, inner: str = "") -> list[Row]:
    """Return what becomes of the convolutions of a side, members of our `stack`.

    inner: what stands before `weight` and `bias` in ours, "conv." where a norm stands beside it.
    """
    layer, own = rf"{side}\.layers\.(\d+)", rf"{stack}.\1."
    spread = rf"{side}\.layers\.({'|'.join(map(str, spread_layers(config)))})\.conv\.weight"
    return [
        *([Row(spread, f"{own}{inner}weight", transposed)] if side == "decoder" else []),
        Row(layer + r"\.conv\.(weight|bias)", rf"{own}{inner}\2"),
        Row(layer + r"\.block\.3\.conv\.weight", f"{own}branch.blocks.3.{inner}weight", pointwise),
        Row(layer + r"\.block\.([13])\.conv\.(weight|bias)", rf"{own}branch.blocks.\2.{inner}\3"),
        Row(layer + r"\.shortcut\.conv\.weight", f"{own}shortcut.{inner}weight", pointwise),
        Row(layer + r"\.shortcut\.conv\.bias", f"{own}shortcut.{inner}bias"),
    ]


def sizes(shapes: Shapes, family: str) -> dict[str, Any]:
    """Return what the shapes of fused weights say of a `SEANetConfig`; `family` is for errors."""
    ends = [shapes[f"decoder.layers.{n}.conv.weight"] for n in numbers(shapes, "decoder")]
    convs = len(numbers(shapes, "encoder"))
    if len(ends) != convs:
        raise ModelError(
            f"checkpoint has {convs} convolutions in its encoder, {len(ends)} in its decoder, "
            f"which make no {family}; fetch it again"
        )
    return encoder_sizes(shapes, family) | {"decoder_last_kernel": ends[-1][2]}


def encoder_sizes(shapes: Shapes, family: str) -> dict[str, Any]:
    """Return what the shapes of an encoder's fused weights say of a `SEANetConfig`."""
    convs = [shapes[f"encoder.layers.{n}.conv.weight"] for n in numbers(shapes, "encoder")]
    units = numbers(shapes, "encoder", r"block\.1\.conv")
    downs = len(convs) - 2
    if downs < 1 or not units or len(units) % downs:
        raise ModelError(
            f"checkpoint has {len(convs)} convolutions in its encoder and {len(units)} residual "
            f"units, which make no {family}; fetch it again"
        )
    hidden, channels, kernel = shapes[f"encoder.layers.{units[0]}.block.1.conv.weight"]
    return {
        "channels": convs[0][1],
        "filters": convs[0][0],
        "strides": tuple(shape[2] // 2 for shape in convs[1:-1]),
        "dilations": dilations(len(units) // downs),
        "unit_kernel": kernel,
        "unit_shrink": channels // hidden,
        "unit_shortcut": any(".shortcut." in key for key in shapes),
        "first_kernel": convs[0][2],
        "encoder_last_kernel": convs[-1][2],
        "latent": convs[-1][0],
    }


def rvq_sizes(shapes: Shapes, family: str) -> dict[str, Any]:
    """Return what the shapes say of a SEANet around an RVQ, its LSTM included."""
    return sizes(shapes, family) | _rvq(shapes)


def rvq_encoder_sizes(shapes: Shapes, family: str) -> dict[str, Any]:
    """Return the same without the decoder."""
    return encoder_sizes(shapes, family) | _rvq(shapes)


def _rvq(shapes: Shapes) -> dict[str, Any]:
    """Return the layers of the encoder's LSTM, and the entries of each level."""
    books = [key for key in shapes if re.fullmatch(r"quantizer\.layers\.\d+\.codebook\.embed", key)]
    layers = [
        key for key in shapes if re.fullmatch(r"encoder\.layers\.\d+\.lstm\.weight_ih_l\d+", key)
    ]
    return {
        "lstm_layers": len(layers),
        "sizes": tuple(
            shapes[f"quantizer.layers.{n}.codebook.embed"][0] for n in range(len(books))
        ),
    }


def rvq_rows(config: Mapping[str, Any], inner: str = "") -> list[Row]:
    """Return what becomes of the keys of a SEANet around an RVQ; `inner` as for `rows`."""
    return [
        *rvq_encoder_rows(config, inner),
        *rows(config, "decoder", "decoder.blocks", inner),
        Row(r"decoder\.layers\.(\d+)\.lstm\.(\w+)", r"decoder.blocks.\1.branch.cells.\2"),
    ]


def rvq_encoder_rows(config: Mapping[str, Any], inner: str = "") -> list[Row]:
    """Return the same without the decoder."""
    return [
        *rows(config, "encoder", "encoder.blocks", inner),
        Row(r"encoder\.layers\.(\d+)\.lstm\.(\w+)", r"encoder.blocks.\1.branch.cells.\2"),
        Row(r"quantizer\.layers\.(\d+)\.codebook\.embed", r"quantizer.stack.\1.codebook.entries"),
    ]


def _statistics(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what learning would have counted, had each entry been met once."""
    found = {}
    for key, entries in tensors.items():
        if key.endswith(".codebook.embed"):
            name = key.removesuffix("embed")
            found[name + "inited"] = torch.ones(1)
            found[name + "cluster_size"] = torch.ones(len(entries))
            found[name + "embed_avg"] = entries.clone()
    return found


STATISTICS = Aside(r"quantizer\.\w+\.\d+\.codebook\.(inited|cluster_size|embed_avg)", _statistics)


def dilations(units: int, growth: int = 2) -> tuple[int, ...]:
    """Return the dilations of the units before a stride."""
    return tuple(growth**n for n in range(units))


def needed_of_graph(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json must say of the graph of these sizes, if it does."""
    return {
        "audio_channels": sizes["channels"],
        "num_filters": sizes["filters"],
        "upsampling_ratios": sizes["strides"][::-1],
        "hidden_size": sizes["latent"],
        "codebook_size": sizes["sizes"][0],
        "trim_right_ratio": 1.0,
    }


def config_of_graph(config: Mapping[str, Any], kind: str, model: str) -> dict[str, Any]:
    """Return what transformers' config.json says of a SEANet, for a class `model` of a `kind`."""
    c = config
    last = all_equal([c["encoder_last_kernel"], c["decoder_last_kernel"]], "last kernels")
    return {
        "architectures": [model],
        "model_type": kind,
        "audio_channels": c["channels"],
        "num_filters": c["filters"],
        "upsampling_ratios": list(c["strides"][::-1]),
        "num_residual_layers": len(c["dilations"]),
        "dilation_growth_rate": growth_of(c["dilations"]),
        "kernel_size": c["first_kernel"],
        "last_kernel_size": last,
        "residual_kernel_size": c["unit_kernel"],
        "compress": c["unit_shrink"],
        "use_conv_shortcut": c["unit_shortcut"],
        "use_causal_conv": c["causal"],
        "pad_mode": "constant" if c["edge"] == "zeros" else c["edge"],
        "num_lstm_layers": c["lstm_layers"],
        "hidden_size": c["latent"],
        "codebook_size": all_equal(c["sizes"], "entries of a level"),
        "codebook_dim": c["latent"],
        "trim_right_ratio": 1.0,
    }


def growth_of(dilations: Sequence[int]) -> int:
    """Return by what each unit's dilation is that of the one before, 2 where there is one."""
    return int(dilations[1]) if len(dilations) > 1 else 2


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Say in one line that something lacks, or is not what it should be."""
    try:
        yield
    except (LookupError, ValueError, TypeError, ArithmeticError, AttributeError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"checkpoint: {what} ({error!r}); fetch it again") from error
