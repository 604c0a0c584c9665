"""What an Orpheus says of held-out speech, and with its texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from vocable.language.flat import Flat, FlatGenerator, Utterance, nats_of
from vocable.speak.finetune.orpheus.rows import OrpheusExample, make_batch
from vocable.speak.finetune.verdicts import Scores, loudness

_NATS = math.log(2)
_SPARE = 24  # cycles, 2 s


@torch.no_grad()
def held_out_scores(
    network: Flat,
    examples: Sequence[OrpheusExample],
    generator: FlatGenerator,
    samples: int,
    seed: int,
) -> Scores:
    """Return the bits of held-out cycles, the ends among them, and how `samples` texts sound."""
    bits, cycles, ends = 0.0, 0, 0.0
    for example in examples:
        batch = make_batch([example], network.config.template, "speech").to(generator.device)
        nats = nats_of(network, batch.ids, batch.counted, batch.lengths).double()
        bits += float(nats.sum()) / _NATS
        cycles += example.cycles + 1
        ends += math.exp(-float(nats[-1]))
    spoken = [_speak(generator, network, each, seed) for each in examples[:samples]]
    end = ends / len(examples)
    if not spoken:
        return Scores(bits / cycles, end)
    quieter = float(np.mean([difference for _, difference in spoken]))
    ended = sum(reason == "end" for reason, _ in spoken)
    return Scores(bits / cycles, end, len(spoken), ended, quieter)


def _speak(
    generator: FlatGenerator, network: Flat, example: OrpheusExample, seed: int
) -> tuple[str | None, float]:
    """Return why a text ended, and how many dB what was spoken lies below its recording."""
    own = example.utterance
    assert isinstance(own.audio, np.ndarray)
    speaker = FlatGenerator(network, text=generator.text)
    speaker.attach(generator.with_codec())
    asked = [Utterance(own.text, own.voice)]
    # twice the recording and two seconds, as far as the context goes: then it does not end
    room = network.config.trunk.context - len(speaker.prompt(asked))
    most = min(2 * example.cycles + _SPARE, room // network.config.template.slots)
    cycles = speaker.generate(asked, seed=seed, most=most)
    recorded, spoken = (_loudness(speaker, each) for each in (own.audio, list(cycles)))
    return cycles.reason, recorded - spoken


def _loudness(speaker: FlatGenerator, cycles: Sequence[np.ndarray] | np.ndarray) -> float:
    """Return the level of decoded cycles in dB of full scale."""
    return loudness(speaker.codec.decode(speaker.tokens(cycles)) if len(cycles) else None)
