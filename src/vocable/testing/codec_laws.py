"""Check the laws of codecs: exact length, whole equals steps, batches, nesting, identity.

Each checker takes a codec and a recording. The law on codes allows ties, at most one frame in a
thousand; see `ties.py`. What concerns encoding alone also takes a `Tokenizer`.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from vocable.audio import Audio
from vocable.codecs import Codec, Codes, Tokenizer
from vocable.codecs.codes import cut_codes, frames_in, join_codes, split_segments
from vocable.errors import ModelError, TokenError
from vocable.quantize import LevelCodes
from vocable.testing.block_laws import run_steps, state_bytes
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal, cut
from vocable.testing.ties import check_codes_agree
from vocable.tokens import AudioTokens

log = logging.getLogger("vocable")


def check_exact_length(codec: Codec, audio: Audio) -> None:
    """Check law 1: tokens that know their source decode to its samples, channels and rate."""
    tokens = codec.encode(audio)
    for rate in (None, codec.rate, codec.spec.writes):
        back = codec.decode(tokens, rate=rate)
        wanted_rate = rate or audio.rate
        samples = -(-len(audio) * wanted_rate // audio.rate)
        got = (back.samples.shape[0], len(back), back.rate)
        if got != (audio.channels, samples, wanted_rate):
            raise AssertionError(
                f"{codec.name}: {audio.channels} channels of {len(audio)} samples at {audio.rate} "
                f"Hz come back as {got[0]} of {got[1]} at {got[2]} Hz, wanted {samples} at "
                f"{wanted_rate} Hz"
            )


def check_streams_equal_whole(
    codec: Tokenizer, x: Tensor, sizes: Sequence[int], *, atol: float = WHOLE_CODEC
) -> None:
    """Check law 2 for streams: blocks of these samples, then of these frames, against whole.

    x: `[batch, channels, samples]` at the codec's rate. Both ways decode the same codes. A codec
    with segments decodes blocks of so many segments. What cannot run in steps must refuse to.
    """
    what = f"{codec.name} in blocks of {list(sizes)}"
    whole = codec.to_codes(x)
    if codec.model.encodes_in_steps:
        _check_encoding(what, codec, x, sizes, whole, atol)
    else:
        _check_refused(what, lambda: codec.start_encoding(len(x)))
    if not isinstance(codec, Codec):
        return
    if codec.model.decodes_in_steps:
        found = _decoded(codec, whole, sizes)
        check_rows_equal(f"{what}, samples", found, codec.from_codes(whole), atol=atol, axis=2)
    else:
        _check_refused(what, lambda: codec.start_decoding(len(x)))


def check_recordings_equal_singles(codec: Tokenizer, recordings: Sequence[Audio]) -> None:
    """Check law 3 for recordings of any lengths: in a batch each gives what it gives alone.

    Latents, and sides that are found in them, are floats with the rounding of their sums: they have
    law 2's tolerance.
    """
    together = codec.encode_batch(recordings)
    for index, (audio, tokens) in enumerate(zip(recordings, together, strict=True)):
        what, alone = _item(codec, index, recordings), codec.encode(audio)
        if codec.spec.latent is not None:
            got, wanted = tokens.to_torch(), alone.to_torch()
            assert isinstance(got, Tensor) and isinstance(wanted, Tensor), "of one level"
            check_rows_equal(f"{what}, latents", got, wanted, atol=WHOLE_CODEC)
            tokens = AudioTokens(tokens.spec, alone.stacks, tokens.sides, source=tokens.source)
        if codec.model.side_encoder is not None:
            for name, side in alone.sides.items():
                got, wanted = torch.tensor(tokens.sides[name]), torch.tensor(side)
                check_rows_equal(f"{what}, {name}", got, wanted, atol=WHOLE_CODEC, axis=0)
            tokens = AudioTokens(tokens.spec, tokens.stacks, alone.sides, source=tokens.source)
        if alone != tokens:
            raise AssertionError(f"{what}: other tokens than alone")
    if not isinstance(codec, Codec):
        return
    decoded = codec.decode_batch(together)
    for index, (tokens, back) in enumerate(zip(together, decoded, strict=True)):
        wanted = torch.tensor(codec.decode(tokens).samples)
        what = f"{_item(codec, index, recordings)}, samples"
        check_rows_equal(what, torch.tensor(back.samples), wanted, atol=WHOLE_CODEC)


def check_streams_bounded(codec: Tokenizer, x: Tensor, size: int) -> None:
    """Check law 7 for streams: states hold no more after many blocks than after half of them.

    x: `[batch, channels, samples]`, several segments for a codec that has them; size: samples of a
    block, one frame or segment of codes. Memory is counted by what the tensors keep alive; one
    block more is allowed, since blocks and segments end at different points.
    """
    slack = 4 * x[..., :size].numel()
    if codec.model.encodes_in_steps:
        encoding, sizes = codec.start_encoding(len(x)), []
        for block in cut(x, [size] * (x.shape[2] // size), axis=2):
            _, encoding = codec.encode_step(block, encoding)
            sizes.append(state_bytes((encoding.encoder, encoding.samples, encoding.latents)))
        _check_flat(f"{codec.name}, encoding", sizes, slack)
    if isinstance(codec, Codec) and codec.model.decodes_in_steps:
        codes, sizes = codec.to_codes(x), []
        decoding = codec.start_decoding(codes.batch, sides=_item_sides(codec, codes))
        for piece in _blocks(codec, codes, [1] * -(-x.shape[2] // codec.frame)):
            _, decoding = codec.decode_step(piece, decoding)
            overlap = decoding.overlap
            waiting = () if overlap is None else (overlap.total, overlap.weight)
            sizes.append(state_bytes((decoding.decoder, tuple(decoding.codes), waiting)))
        _check_flat(f"{codec.name}, decoding", sizes, slack)


def check_prefixes(codec: Tokenizer, audio: Audio) -> None:
    """Check law 4 for a codec: fewer levels, at encoding or afterwards, are the same tokens."""
    tokens = codec.encode(audio)
    for n in codec.spec.prefixes:
        if codec.encode(audio, levels=n) != tokens.first(n):
            raise AssertionError(f"{codec.name}: encoding {n} levels is not the first {n} of all")
        if isinstance(codec, Codec) and len(codec.decode(tokens.first(n))) != len(audio):
            raise AssertionError(f"{codec.name}: {n} levels do not decode to the whole length")


def check_identity(codec: Codec, audio: Audio) -> None:
    """Check law 6: tokens name the weights they come from; a codec with others refuses them.

    Weights that are changed by hand are others. One that has none can only be the same.
    """
    tokens = codec.encode(audio)
    if tokens.spec.space != codec.spec.space:
        raise AssertionError(f"{codec.name}: its tokens say {tokens.spec.space}")
    if codec.decode(tokens) != copy.deepcopy(codec).decode(tokens):
        raise AssertionError(f"{codec.name}: a copy decodes the same tokens otherwise")
    if not _learnt(codec):
        return
    other = _trained_further(codec)
    spaces = (tokens.spec.space, other.spec.space)
    try:
        other.decode(tokens)
    except TokenError as refusal:
        if not all(space in str(refusal) for space in spaces):
            raise AssertionError(
                f"{codec.name}: the refusal names not both spaces: {refusal}"
            ) from refusal
    else:
        raise AssertionError(f"{codec.name}: other weights decode tokens of {spaces[0]}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        other.decode(tokens, trust_space=True)
    if not caught:
        raise AssertionError(f"{codec.name}: trust_space=True overrides without a warning")


def _item(codec: Tokenizer, index: int, recordings: Sequence[Audio]) -> str:
    return f"{codec.name}, recording {index} of {len(recordings)}"


def _trained_further(codec: Codec) -> Codec:
    """Return a copy whose encoder, or else quantizer, has moved, as training would."""
    other = copy.deepcopy(codec)
    with torch.no_grad():
        for weight in _learnt(other):
            weight.add_(0.01)
    return other


def _learnt(codec: Codec) -> list[Tensor]:
    """Return what is learnt and decides on codes, of the encoder or else of the quantizer."""
    return [*codec.model.encoder.parameters()] or [*codec.model.quantizer.state_dict().values()]


def _check_encoding(
    what: str, codec: Tokenizer, x: Tensor, sizes: Sequence[int], whole: Codes, atol: float
) -> None:
    state, parts = codec.start_encoding(len(x)), []
    for block in cut(x, sizes, axis=2):
        codes, state = codec.encode_step(block, state)
        parts.append(codes)
    steps = join_codes(codec.spec, [*parts, codec.finish_encoding(state)])
    for name in whole.sides.keys() | steps.sides.keys():
        check_rows_equal(f"{what}, side {name}", steps.sides[name], whole.sides[name], atol=atol)
    if codec.spec.latent is not None:
        check_rows_equal(f"{what}, latents", steps[0], whole[0], atol=atol)
        return
    if codec.spec.segment is not None:  # each is encoded by itself, so nothing may differ
        for level, (got, wanted) in enumerate(zip(steps, whole, strict=True)):
            check_rows_equal(f"{what}, level {level}", got, wanted, atol=0.0)
        return
    z, steps_z = _latents(codec, x), _latents(codec, x, sizes)
    check_rows_equal(f"{what}, latents", steps_z, z, atol=atol)
    ties = _count_ties(codec, z, whole, steps_z, steps)
    _check_few(what, ties, whole.batch * frames_in(codec.spec, whole))


def _count_ties(codec: Tokenizer, z: Tensor, codes: Codes, other_z: Tensor, other: Codes) -> int:
    """Count over whole steps of all levels; behind them, all must agree."""
    spec, found = codec.spec, frames_in(codec.spec, codes)
    if [level.shape for level in codes] != [level.shape for level in other]:
        raise AssertionError(f"{codec.name}: steps give other numbers of tokens than whole")
    frames = found // spec.step * spec.step
    rest = [cut_codes(spec, each, frames, found) for each in (codes, other)]
    if any((a != b).any() for a, b in zip(*rest, strict=True)):
        raise AssertionError(f"{codec.name}: codes differ in the last {found - frames} frames")
    whole = (_as_the_quantizer(codec, cut_codes(spec, each, 0, frames)) for each in (codes, other))
    first, second = whole
    return check_codes_agree(
        codec.model.quantizer, z[:, :frames], first, other_z[:, :frames], second
    )


def _as_the_quantizer(codec: Tokenizer, codes: Codes) -> LevelCodes:
    return codes.stacked() if codec.spec.step == 1 else tuple(codes)


def _decoded(codec: Codec, codes: Codes, sizes: Sequence[int]) -> Tensor:
    """Decode in blocks of so many frames, or segments."""
    state, pieces = codec.start_decoding(codes.batch, sides=_item_sides(codec, codes)), []
    for block in _blocks(codec, codes, sizes):
        samples, state = codec.decode_step(block, state)
        pieces.append(samples)
    return torch.cat([*pieces, codec.finish_decoding(state)], 2)


def _item_sides(codec: Codec, codes: Codes) -> dict[str, Tensor]:
    return {side.name: codes.sides[side.name] for side in codec.spec.item_sides}


def _blocks(codec: Codec, codes: Codes, sizes: Sequence[int]) -> list[Codes]:
    spec = codec.spec
    if spec.segment is not None:
        pieces = split_segments(spec, codes)
        ends = [min(end, len(pieces)) for end in accumulate(sizes, initial=0)]
        cuts = [(a, b) for a, b in pairwise([*ends, len(pieces)]) if b > a]
        return [join_codes(spec, pieces[a:b]) for a, b in cuts]
    frames = frames_in(spec, codes)
    ends = [min(end, frames) for end in accumulate(sizes, initial=0)]
    return [cut_codes(spec, codes, a, b) for a, b in pairwise([*ends, frames])]


@torch.no_grad()
def _latents(codec: Tokenizer, x: Tensor, sizes: Sequence[int] = ()) -> Tensor:
    """Return the encoder's output, whole, or in steps of as many whole frames as `sizes` fill."""
    rows, frame = codec.model._rows(x), codec.frame * codec.model.frames_together
    if not sizes:
        whole: Tensor = codec.model.encoder(rows)
        return whole
    ends = [end // frame * frame for end in accumulate(sizes)]
    return run_steps(codec.model.encoder, rows, [b - a for a, b in pairwise([0, *ends])])


def _check_flat(what: str, sizes: Sequence[int], slack: int) -> None:
    early, late = max(sizes[: len(sizes) // 2]), max(sizes[len(sizes) // 2 :])
    if late > early + slack:
        raise AssertionError(
            f"{what}: its state holds {late} bytes after {len(sizes)} blocks, {early} after half "
            "of them; a stream must not grow"
        )


def _check_refused(what: str, call: object) -> None:
    assert callable(call)
    try:
        call()
    except ModelError:
        return
    raise AssertionError(f"{what}: needs whole recordings, and yet starts a stream")


def _check_few(what: str, ties: int, frames: int) -> None:
    """Allow one tie, and one in a thousand frames."""
    if ties > max(1, frames // 1000):
        raise AssertionError(f"{what}: {ties} of {frames} frames tie, allowed 1 in 1000")
    if ties:
        log.info("%s: %d of %d frames tie", what, ties, frames)
