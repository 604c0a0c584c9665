"""The config.json of FocalCodec and FocalCodec-Stream, as the package `focalcodec` writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vocable.errors import ModelError

PARTS = {
    "encoder_name": "WavLM",
    "compressor_name": "FocalEncoder",
    "quantizer_name": "BinarySphericalQuantizer",
    "decompressor_name": "FocalDecoder",
}  # beside the decoder, which is Vocos, or WaveNeXt in the stream


def package_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the package makes a model of these sizes of.

    Raises ModelError for kernels of modulation that do not grow by one number, which it cannot say.
    """
    c, stream = config, "chunk" in config
    kernels = tuple(c["kernels"])
    focal = _focal(kernels[:-1] if stream else kernels)
    ends = {"input_dim": c["semantic"]["width"], "output_dim": c["bits"]}
    back = {"input_dim": c["bits"], "output_dim": c["semantic"]["width"]}
    factors = (1,) * len(c["widths"]) if stream else tuple(c["factors"])
    found: dict[str, Any] = {
        "encoder_config": _speech(c["semantic"]),
        "compressor_config": {
            **ends, "hidden_dims": list(c["widths"]), "downscale_factors": list(factors), **focal
        },
        "quantizer_config": {"codebook_size": 1 << c["bits"]},
        "decompressor_config": {
            **back, "hidden_dims": list(c["widths"][::-1]),
            "upscale_factors": list(factors[::-1]), **focal,
        },
        "decoder_config": {
            "input_dim": c["semantic"]["width"], "num_layers": c["decoder_blocks"],
            "dim": c["decoder_width"], "hop_length": c["hop"],
        },
    }  # fmt: skip
    if stream:
        _tell_stream(found, c)
    else:
        found["decoder_config"] |= {"ffn_dim": c["decoder_hidden"], "n_fft": c["window"]}
    return {**PARTS, "decoder_name": "WaveNeXt" if stream else "Vocos", **found}


def _tell_stream(found: Mapping[str, dict[str, Any]], c: Mapping[str, Any]) -> None:
    """Say how far each part of a stream sees."""
    ahead, kernel = {"lookahead_size": c["chunk"] - 1}, {"window_size": c["kernels"][-1]}
    found["encoder_config"].update(causal=True, window_size=c["attention"], **ahead)
    found["compressor_config"].update(causal=True, **kernel)
    found["decompressor_config"].update(
        causal=True, **kernel, last_window_size=c["last_kernel"], **ahead
    )
    hidden = c["decoder_width"] * c["decoder_expansion"]
    found["decoder_config"].update(causal=True, ffn_dim=hidden)


def _speech(c: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the package makes its WavLM of."""
    return {
        "hidden_dims": [c["filters"]] * len(c["kernels"]),
        "kernel_sizes": list(c["kernels"]),
        "strides": list(c["strides"]),
        "num_layers": c["blocks"],
        "dim": c["width"],
        "ffn_dim": c["hidden"],
        "num_heads": c["heads"],
        "num_buckets": c["buckets"],
        "max_distance": c["furthest"],
        "conv_pos": c["position_kernel"],
        "conv_pos_groups": c["position_groups"],
    }


def _focal(kernels: Sequence[int]) -> dict[str, int]:
    """Return the kernels of a modulation as a first one and what each next one is more."""
    more = kernels[1] - kernels[0] if len(kernels) > 1 else 0
    if list(kernels) != [kernels[0] + n * more for n in range(len(kernels))]:
        raise ModelError(
            f"its kernels are {list(kernels)}, of which focalcodec files can say only ones that "
            "grow by one number"
        )
    return {"focal_window": kernels[0], "focal_level": len(kernels), "focal_factor": more}
