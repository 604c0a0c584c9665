"""Make the golden tensors of Moshi anew, from Kyutai's `moshi` package.

    VOCABLE_WRITE_GOLDEN=1 python -m pytest tests/parity/test_moshi.py -k golden

where that package is installed ("dev.py parity"); without the setting it compares.
The file holds a toy's tensors with random weights (`state.…`, which bf16 holds exactly), logits of
known ids, and what the package's own loop says greedily to two users, longer than its context.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.golden.mimi.make import uncompiled
from tests.parity.peers import peer

FILE = Path(__file__).with_name("moshi.safetensors")
CODES, TEXT, STEPS = 16, 20, 32
# in the words of the package; attention over 10 steps
TOY: dict[str, Any] = dict(
    dim=16, num_heads=2, num_layers=2, card=CODES, text_card=TEXT, context=10, depformer_dim=8,
    depformer_dim_feedforward=33, depformer_num_heads=2, depformer_num_layers=2,
)  # fmt: skip


def moshi_model(**changes: Any) -> nn.Module:
    """Return the toy with random weights."""
    peer("moshi")
    from moshi.models import loaders

    config = loaders._lm_kwargs | TOY | changes
    model = loaders.get_moshi_lm(None, config, dtype=torch.float32)
    chance = torch.Generator().manual_seed(0)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=chance)
        drawn = 1 + 0.2 * noise if "alpha" in name else noise * _spread(name, weight)
        weight.data.copy_(drawn.bfloat16())
    return model.eval()


def _spread(name: str, weight: Tensor) -> float:
    return 1.0 if "emb" in name else 2.0 / weight.shape[-1] ** 0.5


def say(model: nn.Module, heard: Tensor) -> Tensor:
    """Return what is said greedily while frames `[batch, 8, steps]` are heard, `[batch, 9, …]`."""
    from moshi.models import LMGen

    loop, said = LMGen(model, use_sampling=False, check=True), []
    with loop.streaming(heard.shape[0]):
        for step in range(heard.shape[2]):
            frame = loop.step(heard[:, :, step : step + 1])
            assert (frame is None) == (step == 0)
            said += [] if frame is None else [frame]
    return torch.cat(said, 2)


@torch.no_grad()
def make() -> dict[str, Tensor]:
    """Return the tensors of the file."""
    with uncompiled():
        model = moshi_model()
        chance = torch.Generator().manual_seed(1)
        heard = torch.randint(0, CODES, (2, 8, STEPS), generator=chance)
        ids = torch.randint(-1, CODES, (2, 17, 24), generator=chance)
        found = model(ids)
        tensors = {f"state.{key}": value.bfloat16() for key, value in model.state_dict().items()}
        tensors |= {
            "ids": ids.to(torch.int16),
            "text_logits": found.text_logits[:, 0],
            "logits": found.logits,  # not a number where a level's last step fell off
            "heard": heard.to(torch.int16),
            "said": say(model, heard).to(torch.int16),
        }
    return {key: value.contiguous() for key, value in tensors.items()}


def write() -> None:
    """Write the file."""
    save_file(make(), FILE)
