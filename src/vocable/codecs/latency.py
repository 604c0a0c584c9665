"""How long a stream waits: from a sample that goes in to the same sample coming out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

from vocable.codecs.codec_model import CodecModel
from vocable.ratio import Ratio


@dataclass(frozen=True)
class Latency:
    """What encoding and decoding in steps wait for, without the time that they compute.

    first: seconds of sound until the first sound comes out, longer than a frame where the codec
    looks ahead or has a start-up. steady: seconds from a sample to its sound after that, at most.
    """

    first: Fraction
    steady: Fraction

    def __str__(self) -> str:
        steady, first = (f"{float(seconds) * 1000:.1f} ms" for seconds in (self.steady, self.first))
        return f"{steady}, first sound after {first}"


def latency_of(model: CodecModel) -> Latency | None:
    """Return how long a stream of a model waits; None for one that takes whole recordings."""
    if not (model.encodes_in_steps and model.decodes_in_steps):
        return None
    spec = model.spec
    if spec.segment is not None:
        whole = Ratio(spec.segment.length, spec.rate)
        return Latency(whole, whole)
    block = Ratio(model.samples_a_step, spec.rate)
    start = next(n for n in count(1) if _settled(model, n))
    # waits repeat once encoder and decoder have had what each of them sees together
    own = -(-model.encoder.stride_in // spec.frame)
    frames = math.lcm(spec.step, own, model.decoder.stride_in)
    period = frames * spec.frame // model.samples_a_step
    waits = [
        n * block - _settled(model, n - 1)
        for n in range(start, start + 2 * period + 1)
        if _settled(model, n) > _settled(model, n - 1)
    ]
    return Latency(start * block, max(waits[1:] or waits))


def _settled(model: CodecModel, blocks: int) -> Fraction:
    """Return the seconds of sound that are settled once so many blocks of the encoder are in."""
    spec = model.spec
    frames = model.encoder.settled(blocks * model.samples_a_step)
    step = model.frames_decoded_a_step
    return Ratio(model.decoder.settled(frames // step * step), spec.writes)
