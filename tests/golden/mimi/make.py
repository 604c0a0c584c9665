"""Make the golden tensors of Mimi anew, from Kyutai's `moshi` package.

    VOCABLE_WRITE_GOLDEN=1 python -m pytest tests/parity/test_mimi.py -k golden

where that package is installed ("dev.py parity"); without the setting it compares.
The file holds a toy's tensors with random weights (`state.…`), and for sounds of several lengths
the package's codes and waveform.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound

FILE = Path(__file__).with_name("moshi.safetensors")
# in the words of transformers; 12 samples a frame, attention over 12 rows, which are 6 frames
TOY: dict[str, Any] = dict(
    num_filters=2, upsampling_ratios=[3, 2], hidden_size=16, codebook_size=32, codebook_dim=8,
    vector_quantization_hidden_dimension=8, num_quantizers=4, num_hidden_layers=2,
    num_attention_heads=2, num_key_value_heads=2, head_dim=8, intermediate_size=32,
    upsample_groups=16, sliding_window=12,
)  # fmt: skip
LENGTHS = (1, 11, 12, 13, 480)


def moshi_model(sizes: dict[str, Any]) -> nn.Module:
    """Return a model of moshi of sizes in the words of transformers, with all its levels."""
    peer("moshi")
    from moshi.models import loaders

    config, c, wide = loaders._mimi_config, sizes, sizes["hidden_size"]
    seanet = dict(n_filters=c["num_filters"], ratios=c["upsampling_ratios"], dimension=wide)
    books = dict(
        dimension=c["codebook_dim"], n_q=c["num_quantizers"], bins=c["codebook_size"],
        input_dimension=wide, output_dimension=wide,
    )  # fmt: skip
    transformer = dict(
        d_model=wide, num_heads=c["num_attention_heads"], num_layers=c["num_hidden_layers"],
        context=c["sliding_window"], dim_feedforward=c["intermediate_size"],
        input_dimension=wide, output_dimensions=[wide],
    )  # fmt: skip
    config = config | {
        "frame_rate": 2000.0,
        "seanet": config["seanet"] | seanet,
        "quantizer": config["quantizer"] | books,
        "transformer": config["transformer"] | transformer,
    }
    return loaders.get_mimi(None, config, num_codebooks=c["num_quantizers"])


@contextmanager
def uncompiled() -> Iterator[None]:
    """Let moshi run without compiling: that takes a minute and changes no more than rounding."""
    peer("moshi")
    from moshi.utils.compile import no_compile

    with no_compile():
        yield


@torch.no_grad()
def make() -> dict[str, Tensor]:
    """Return the tensors of the file."""
    with uncompiled():
        model = randomise(moshi_model(TOY), seed=1)
        tensors = {f"state.{key}": value for key, value in model.state_dict().items()}
        for samples in LENGTHS:
            x = sound(samples, seed=samples)
            codes = model.encode(x)
            tensors |= {
                f"{samples}.x": x,
                f"{samples}.z": model.encode_to_latent(x, quantize=False).transpose(1, 2),
                f"{samples}.codes": codes.to(torch.int16),
                f"{samples}.y": model.decode(codes),
            }
    return {key: value.contiguous() for key, value in tensors.items()}


def write() -> None:
    """Write the file."""
    save_file(make(), FILE)
