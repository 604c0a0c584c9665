"""Check the laws of codecs: exact length, whole equals steps, batches, nesting, identity.

Each checker takes a codec in evaluation mode and a recording. The law on codes allows ties, at most
one frame in a thousand; see `ties.py`.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Sequence
from itertools import accumulate, pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.errors import TokenError
from vocable.testing.block_laws import run_steps
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal, cut
from vocable.testing.ties import check_codes_agree

log = logging.getLogger("vocable")


def check_exact_length(codec: Codec, audio: Audio) -> None:
    """Check law 1: tokens that know their source decode to its samples, channels and rate."""
    tokens = codec.encode(audio)
    for rate in (None, codec.rate):
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
    codec: Codec, x: Tensor, sizes: Sequence[int], *, atol: float = WHOLE_CODEC
) -> None:
    """Check law 2 for sessions: blocks of these samples, then of these frames, against whole.

    x: `[batch, channels, samples]` at the codec's rate. Both ways decode the same codes.
    """
    what = f"{codec.name} in blocks of {list(sizes)}"
    whole = codec.to_codes(x)
    state, parts = codec.start_encoding(len(x)), []
    for block in cut(x, sizes, axis=2):
        codes, state = codec.encode_step(block, state)
        parts.append(codes)
    steps = torch.cat([*parts, codec.finish_encoding(state)], 2)
    latents = _latents(codec, x), _latents(codec, x, sizes)
    check_rows_equal(f"{what}, latents", latents[1], latents[0], atol=atol)
    ties = check_codes_agree(codec.quantizer, latents[0], whole, latents[1], steps)
    _check_few(what, ties, whole.shape[0] * whole.shape[2])
    decoding, heard = codec.start_decoding(len(x)), []
    for codes in cut(whole, sizes, axis=2):
        samples, decoding = codec.decode_step(codes, decoding)
        heard.append(samples)
    found = torch.cat([*heard, codec.finish_decoding(decoding)], 2)
    check_rows_equal(f"{what}, samples", found, codec.from_codes(whole), atol=atol, axis=2)


def check_recordings_equal_singles(codec: Codec, recordings: Sequence[Audio]) -> None:
    """Check law 3 for recordings of any lengths: in a batch each gives what it gives alone."""
    together = codec.encode_batch(recordings)
    back = codec.decode_batch(together)
    for place, (audio, tokens, heard) in enumerate(zip(recordings, together, back, strict=True)):
        what = f"{codec.name}, recording {place} of {len(recordings)}"
        if codec.encode(audio) != tokens:
            raise AssertionError(f"{what}: other tokens than alone")
        wanted = torch.tensor(codec.decode(tokens).samples)
        check_rows_equal(f"{what}, samples", torch.tensor(heard.samples), wanted, atol=WHOLE_CODEC)


def check_prefixes(codec: Codec, audio: Audio) -> None:
    """Check law 4 for a codec: fewer levels, at encoding or afterwards, are the same tokens."""
    tokens = codec.encode(audio)
    for n in codec.spec.prefixes:
        if codec.encode(audio, levels=n) != tokens.first(n):
            raise AssertionError(f"{codec.name}: encoding {n} levels is not the first {n} of all")
        if len(codec.decode(tokens.first(n))) != len(audio):
            raise AssertionError(f"{codec.name}: {n} levels do not decode to the whole length")


def check_identity(codec: Codec, audio: Audio) -> None:
    """Check law 6: tokens name the weights they come from; a codec with others refuses them."""
    tokens = codec.encode(audio)
    if tokens.spec.space != codec.spec.space:
        raise AssertionError(f"{codec.name}: its tokens say {tokens.spec.space}")
    if codec.decode(tokens) != copy.deepcopy(codec).decode(tokens):
        raise AssertionError(f"{codec.name}: a copy decodes the same tokens otherwise")
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
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        other.decode(tokens, trust_space=True)
    if not said:
        raise AssertionError(f"{codec.name}: trust_space=True overrides without a warning")


def _trained_further(codec: Codec) -> Codec:
    """Return a copy whose encoder has moved, as training would."""
    other = copy.deepcopy(codec)
    other.forget()
    with torch.no_grad():
        for weight in other.encoder.parameters():
            weight.add_(0.01)
    return other


@torch.no_grad()
def _latents(codec: Codec, x: Tensor, sizes: Sequence[int] = ()) -> Tensor:
    """Return the encoder's output, whole, or in steps of as many whole frames as `sizes` fill."""
    rows = F.pad(x, (0, -x.shape[2] % codec.frame)).transpose(1, 2).contiguous()
    if not sizes:
        whole: Tensor = codec.encoder(rows)
        return whole
    ends = [end // codec.frame * codec.frame for end in accumulate(sizes)]
    return run_steps(codec.encoder, rows, [b - a for a, b in pairwise([0, *ends])])


def _check_few(what: str, ties: int, frames: int) -> None:
    """Allow one tie, and one in a thousand frames."""
    if ties > max(1, frames // 1000):
        raise AssertionError(f"{what}: {ties} of {frames} frames tie, allowed 1 in 1000")
    if ties:
        log.info("%s: %d of %d frames tie", what, ties, frames)
