"""What a CSM says of held-out speech, and with its texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from vocable.language.csm import Csm, CsmGenerator, Utterance
from vocable.speak.finetune.csm.rows import CsmExample, make_batch
from vocable.speak.finetune.spoken import Spoken, decoded
from vocable.speak.finetune.verdicts import Scores

_CHUNK = 64  # frames whose levels are predicted at once
_NATS = math.log(2)


@dataclass(frozen=True)
class _Counted:
    """bits: of a row's frames together. frames: how many. end: the probability of its end."""

    bits: float
    frames: int
    end: float


@torch.no_grad()
def held_out_scores(network: Csm, examples: Sequence[CsmExample], device: torch.device) -> Scores:
    """Return the bits of held-out frames, end frames among them."""
    rows = [_count(network, example, device) for example in examples]
    bits = sum(row.bits for row in rows) / sum(row.frames for row in rows)
    return Scores(bits, sum(row.end for row in rows) / len(rows))


def _count(network: Csm, example: CsmExample, device: torch.device) -> _Counted:
    batch = make_batch([example]).to(device)
    output = network.forward(batch.ids)
    counted = batch.counted[0]
    frames = batch.ids[0][counted][:, :-1]
    before, hidden = output.logits[0, :-1][counted[1:]], output.hidden[0, :-1][counted[1:]]
    nats = F.cross_entropy(before.float(), frames[:, 0], reduction="none").double()
    for at in range(0, len(frames), _CHUNK):
        own = frames[at : at + _CHUNK]
        logits = network.deep_logits(hidden[at : at + _CHUNK], own).float().transpose(1, 2)
        nats[at : at + _CHUNK] += F.cross_entropy(logits, own[:, 1:], reduction="none").sum(1)
    end = math.exp(-float(nats[-1]))  # the last frame ends the row
    return _Counted(float(nats.sum()) / _NATS, len(frames), end)


def speak(generator: CsmGenerator, network: Csm, example: CsmExample, seed: int) -> Spoken:
    """Return a text as a network speaks it, with the codec and tokenizer of a generator."""
    own = example.utterance
    assert isinstance(own.audio, np.ndarray)
    speaker = CsmGenerator(network, text=generator.text)
    speaker.attach(generator.with_codec())
    # twice the recording and two seconds, as far as the context goes: then it does not end
    text = example.length - example.first - len(own.audio) - 1
    most = min(2 * len(own.audio) + 25, network.config.backbone.context - text)
    session = speaker.generate([Utterance(own.speaker, own.text)], seed=seed, most=most)
    frames = list(session)
    return Spoken(decoded(speaker, frames), decoded(speaker, own.audio), session.reason == "end")
