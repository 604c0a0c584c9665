"""Work under torch's own defaults, whatever the program around has set.

A program that loads a large model changes for that time how torch makes tensors: another default
dtype, the meta device, no gradients. What is made meanwhile must not notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch


@contextmanager
def plain_settings() -> Iterator[None]:
    """Run the body with fp32 as default, on the CPU, with gradients, without autocast.

    The default dtype belongs to the process: it is changed only where it is another one. A device
    that is named costs every call of torch some time: it is named only where it is another one.
    """
    before, device = torch.get_default_dtype(), torch.get_default_device()
    with (
        nullcontext() if device.type == "cpu" else torch.device("cpu"),
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.autocast("cuda", enabled=False),
    ):
        if before == torch.float32:
            yield
            return
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(before)
