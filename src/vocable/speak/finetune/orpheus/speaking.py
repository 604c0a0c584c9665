"""What an Orpheus says of held-out speech, and with its texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from vocable.language.flat import Flat, FlatGenerator, Utterance, nats_of
from vocable.speak.finetune.orpheus.rows import OrpheusExample, make_batch
from vocable.speak.finetune.spoken import Spoken, decoded
from vocable.speak.finetune.verdicts import Scores

_NATS = math.log(2)
_SPARE = 24  # cycles, 2 s


@torch.no_grad()
def held_out_scores(
    network: Flat, examples: Sequence[OrpheusExample], device: torch.device
) -> Scores:
    """Return the bits of held-out cycles, the ends among them."""
    bits, cycles, ends = 0.0, 0, 0.0
    for example in examples:
        batch = make_batch([example], network.config.template, "speech").to(device)
        nats = nats_of(network, batch.ids, batch.counted, batch.lengths).double()
        bits += float(nats.sum()) / _NATS
        cycles += example.cycles + 1
        ends += math.exp(-float(nats[-1]))
    return Scores(bits / cycles, ends / len(examples))


def speak(generator: FlatGenerator, network: Flat, example: OrpheusExample, seed: int) -> Spoken:
    """Return a text as a network speaks it, with the codec and tokenizer of a generator."""
    own = example.utterance
    assert isinstance(own.audio, np.ndarray)
    speaker = FlatGenerator(network, text=generator.text)
    speaker.attach(generator.with_codec())
    asked = [Utterance(own.text, own.voice)]
    # twice the recording and two seconds, as far as the context goes: then it does not end
    room = network.config.trunk.context - len(speaker.prompt(asked))
    most = min(2 * example.cycles + _SPARE, room // network.config.template.slots)
    cycles = speaker.generate(asked, seed=seed, most=most)
    spoken = list(cycles)
    return Spoken(decoded(speaker, spoken), decoded(speaker, own.audio), cycles.reason == "end")
