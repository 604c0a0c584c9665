"""Stand in for the config objects that some trainers put beside their tensors.

Files of fairseq and s3prl hold settings as objects of omegaconf, argparse or fairseq itself, and
the course of training as numbers of numpy. None of that code is wanted, or run: each class becomes
an empty one of the same name that keeps what the file says of it, out of which plain values are
taken, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# where settings come from; what else a file asks for is refused
_HOMES = re.compile(
    r"torch\.torch_version\.TorchVersion"  # of asteroid, which says by what a file was written
    r"|(omegaconf|fairseq|argparse|typing|enum|pathlib|collections)\..+"
    r"|builtins\.(dict|list|tuple|set|int|float|bool|str|bytes|object)"
    r"|numpy\.(core|_core)\.multiarray\.scalar|numpy\.dtype|numpy\.dtypes\.\w+"  # a loss, say
)
DEEPEST = 16  # nodes of omegaconf inside one another


class Inert:
    """An object of a class that is not there. `made_of`: what it was made of; `state`: its own."""

    made_of: tuple[Any, ...] = ()
    state: Any = None

    def __new__(cls, *made_of: Any) -> Inert:
        found = super().__new__(cls)
        found.made_of = made_of
        return found

    def __init__(self, *made_of: Any) -> None: ...

    def __setstate__(self, state: Any) -> None:
        self.state = state


def inert_class(name: str) -> type[Inert] | None:
    """Return an empty class of a full name; None where no settings come from there."""
    if not _HOMES.fullmatch(name):
        return None
    module, _, own = name.rpartition(".")
    return type(own, (Inert,), {"__module__": module})


def plain(value: Any, depth: int = 0) -> Any:
    """Return what an inert object says as plain values; None where it says nothing plain."""
    while isinstance(value, Inert):
        state = value.state
        if depth > DEEPEST or not isinstance(state, Mapping):
            return value.made_of[0] if len(value.made_of) == 1 else None
        if "_content" in state:  # a dict or list of omegaconf
            value = state["_content"]
        elif "_val" in state:  # a value of omegaconf
            value = state["_val"]
        else:  # argparse.Namespace and dataclasses
            return {k: v for k, v in state.items() if not str(k).startswith("_")}
        depth += 1
    return value
