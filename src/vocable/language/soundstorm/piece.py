"""What is asked of a SoundStorm, and the ids that come of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from vocable.errors import ModelError, TokenError
from vocable.language.sound import frames_in
from vocable.language.soundstorm.config import SoundStormConfig
from vocable.language.soundstorm.lesson import beside, codes_of
from vocable.tokens import AudioTokens


@dataclass(frozen=True, eq=False)
class Piece:
    """Frames that are made, all together.

    semantic       what is said in them, those of `begin` among them; where the model reads that
    begin          the first frames, which stay as they are: whose voice it is
    given          tokens of all frames, of which the first `given_levels` levels stay as they are;
                   None: as many as the model was trained to be given
    seconds        how much is made, `begin` left out; None: as long as `given`, or `semantic`
    seed           of its chance
    """

    semantic: AudioTokens | None = None
    begin: AudioTokens | None = None
    given: AudioTokens | None = None
    given_levels: int | None = None
    seconds: float | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Arranged:
    """A piece as the model reads it. unknown: which codes are made. given: levels that are not."""

    ids: Int64[np.ndarray, "frames rows"]
    unknown: Bool[np.ndarray, "frames levels"]
    given: int


def arrange(config: SoundStormConfig, piece: Piece) -> Arranged:
    """Return a piece as ids. ModelError or TokenError where it lacks something, or does not fit."""
    _check_semantic(config, piece)
    given = _given_levels(config, piece)
    frames = _frames(config, piece)
    codes = np.tile(np.array(config.sizes), (frames, 1))  # all masked
    unknown = np.ones(codes.shape, bool)
    for name, levels, last in (("given", given, frames), ("begin", config.levels, None)):
        tokens = getattr(piece, name)
        if tokens is not None:
            found = codes_of(config, tokens)[:last, :levels]
            codes[: len(found), :levels], unknown[: len(found), :levels] = found, False
    units = beside(config, frames, piece.semantic)
    return Arranged(np.concatenate((codes, units), 1), unknown, given)


def _check_semantic(config: SoundStormConfig, piece: Piece) -> None:
    if config.semantic is None and piece.semantic is not None:
        raise ModelError("the model reads no semantic tokens; leave semantic out")
    if config.semantic is not None and piece.semantic is None:
        raise ModelError(
            f"the model reads what is said, tokens of {config.semantic.tokens.space}; give semantic"
        )


def _given_levels(config: SoundStormConfig, piece: Piece) -> int:
    if piece.given is None:
        if config.given or piece.given_levels:
            raise ModelError(
                f"{config.given or piece.given_levels} levels are to be given but no tokens are; "
                "give given"
            )
        return 0
    levels = config.given if piece.given_levels is None else piece.given_levels
    if not max(1, config.given) <= levels < config.levels:
        raise ModelError(
            f"given_levels is {levels}; wanted {max(1, config.given)} to {config.levels - 1}, less "
            "than the model has"
        )
    return levels


def _frames(config: SoundStormConfig, piece: Piece) -> int:
    """Return how many frames there are, `begin` among them."""
    begin = 0 if piece.begin is None else piece.begin.frames
    lasting = None
    if config.semantic is not None and piece.semantic is not None:
        lasting = config.semantic.frames(piece.semantic, config.rate)
    if piece.seconds is not None:
        frames = begin + frames_in(piece.seconds, float(config.rate))
    elif piece.given is not None:
        frames = piece.given.frames
    elif lasting is not None:
        frames = lasting
    else:
        raise ModelError("nothing says how long the piece is; give seconds")
    if not begin < frames <= config.trunk.context:
        raise ModelError(
            f"{frames} frames are asked for, of which {begin} are there; the model makes 1 or "
            f"more, up to {config.trunk.context} together"
        )
    if piece.given is not None and piece.given.frames < frames:
        raise TokenError(f"given has {piece.given.frames} frames, of {frames} that are asked for")
    if lasting is not None and lasting + 1 < frames:  # windows may cost the last unit
        raise TokenError(f"semantic lasts {lasting} frames, of {frames} that are asked for")
    return frames
