"""Turn what inference mode has made into ordinary tensors, for whoever gets them.

A tensor of inference mode can neither be changed in place nor enter a loss.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vocable.codecs.codes import Codes
from vocable.codecs.segments import Overlap
from vocable.codecs.state import Decoding, Encoding
from vocable.nn import State


def ordinary(x: Tensor) -> Tensor:
    """Return a tensor that may change in place and enter a loss, as none of inference mode may."""
    return x.clone() if x.is_inference() else x


def ordinary_codes(codes: Codes) -> Codes:
    """Return codes and sides of ordinary tensors."""
    sides = {name: ordinary(side) for name, side in codes.sides.items()}
    if len({level.shape for level in codes}) == 1:  # one copy, not one a level
        return Codes(torch.stack(tuple(codes), 1).unbind(1), sides, codes.segments)
    return Codes(map(ordinary, codes), sides, codes.segments)


def _ordinary_state(state: State) -> State:
    if isinstance(state, tuple):
        return tuple([_ordinary_state(part) for part in state])
    return state.clone() if state.is_inference() else state


def ordinary_encoding(state: Encoding) -> Encoding:
    """Return a state of ordinary tensors."""
    return Encoding(
        _ordinary_state(state.encoder),
        ordinary(state.samples),
        ordinary(state.latents),
        state.levels,
        state.begun,
    )


def ordinary_decoding(state: Decoding) -> Decoding:
    """Return a state of ordinary tensors."""
    decoder, overlap, codes = _ordinary_state(state.decoder), state.overlap, state.codes
    if overlap is not None:
        overlap = Overlap(ordinary(overlap.total), ordinary(overlap.weight), overlap.base)
    if codes:
        codes = Codes(map(ordinary, codes))
    last = Codes(map(ordinary, state.last))
    sides = {name: ordinary(side) for name, side in state.sides.items()}
    return Decoding(decoder, state.batch, codes, overlap, sides, state.frames, last)
