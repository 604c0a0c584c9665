"""What a stream starts from, and what is refused before it joins an engine."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.arrays import to_numpy
from vocable.errors import ModelError, TokenError
from vocable.language.cache import Cache
from vocable.language.sampling import Sampling
from vocable.language.session import Follow
from vocable.language.token_model import TokenModel, check_ids


@dataclass(frozen=True)
class Prompt:
    """What a stream starts from.

    rows: ids `[time, rows]`, -1 for nothing, or embeddings `[time, width]`. states: what
    cross-attention sees, `[states, cross]`. prefix: how many of the first rows see one another,
    both sides.
    """

    rows: Int[Tensor, "time rows"] | Float[Tensor, "time width"]
    states: Float[Tensor, "states cross"] | None = None
    prefix: int = 0


def seeded(seed: object) -> torch.Generator:
    """Return the chance of a stream; ModelError for another kind of value."""
    try:
        return torch.Generator("cpu").manual_seed(operator.index(seed))  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError):
        raise ModelError(
            f"seed must be a whole number from {-(2**63)} to {2**64 - 1} but is {seed!r}"
        ) from None


def check_settings(
    model: TokenModel,
    rows: Sequence[Sampling],
    *,
    most: int | None,
    guided: bool,
    follow: Follow | None,
) -> None:
    """Refuse, by ModelError, settings of a stream that do not fit the model or each other."""
    if len(rows) != model.drawn:
        raise ModelError(f"{len(rows)} settings are given; the model draws {model.drawn}")
    if follow is None and model.drawn != len(model.sizes):
        raise ModelError(
            f"the model draws {model.drawn} of {len(model.sizes)} rows; "
            f"give follow, which adds the others"
        )
    check_most(most)
    if any(each.guidance != 1 for each in rows) != guided:
        raise ModelError(
            "guidance needs a second prompt, without the condition, and is needed for one"
        )


def check_most(most: object) -> None:
    """Refuse, by ModelError, what is neither a number of steps nor None."""
    whole = isinstance(most, int | np.integer) and not isinstance(most, bool)
    if most is not None and not (whole and most >= 1):  # type: ignore[operator]  # a number
        raise ModelError(f"most is a whole number of steps, at least 1, or None; it is {most!r}")


def check_start(prompt: Prompt, model: TokenModel, cache: Cache) -> None:
    """Refuse a prompt that the model cannot read, or that the cache has no room for."""
    rows, config = prompt.rows, model.trunk.config
    wanted = config.width if rows.is_floating_point() else len(model.sizes)
    if rows.ndim != 2 or rows.shape[1] != wanted:
        raise TokenError(f"a prompt is [time, {wanted}] but this one is {list(rows.shape)}")
    if not len(rows):
        raise TokenError("the prompt is empty; a model goes on from at least one step")
    if cache.window is None and len(rows) > cache.context:
        raise ModelError(
            f"the prompt of {len(rows)} positions does not fit the context of "
            f"{cache.context}; cut it, or give the cache a window"
        )
    _check_prefix(prompt, cache)
    _check_states(prompt.states, config.cross, cache)
    if not rows.is_floating_point():
        check_ids(to_numpy(rows), model.sizes)


def _check_prefix(prompt: Prompt, cache: Cache) -> None:
    if prompt.prefix > len(prompt.rows):
        raise ModelError(
            f"the prefix has {prompt.prefix} rows but the prompt {len(prompt.rows)}; it begins it"
        )
    if prompt.prefix and cache.window is not None:
        raise ModelError("a prefix stays seen, so its cache has no window; take a full cache")


def _check_states(
    states: Float[Tensor, "states cross"] | None, channels: int | None, cache: Cache
) -> None:
    if channels is None:
        if states is not None:
            raise ModelError("this model has no cross-attention; give no encoder states")
        return
    if states is None:
        raise ModelError("this model has cross-attention; give the prompt encoder states")
    if states.ndim != 2 or states.shape[1] != channels:
        raise ModelError(
            f"cross-attention sees states [states, {channels}] but these are {list(states.shape)}"
        )
    room = cache.cross[0][0].shape[1]
    if len(states) > room:
        raise ModelError(
            f"{len(states)} encoder states are more than the cache's {room}; "
            f"make the engine with more cross_states"
        )
