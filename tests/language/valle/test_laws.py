"""Whole equals steps, a batch equals singles, and groups of one count repetition as frames do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.language.valle.toys import SAID, TEXT, first, first_generator, second, tokens
from vocable.language.lessons import Lessons, Text, Told
from vocable.language.sampler import Sampler, Stream
from vocable.language.sampling import GREEDY, RepetitionAware, Sampling
from vocable.language.valle.ar.lesson import next_step, prompt_steps
from vocable.language.valle.steps import phones_of_both


@pytest.mark.parametrize("groups", [1, 2])
def test_steps_draw_what_the_whole_foretells(groups):
    made = first_generator(groups)
    network, config = made.network, made.network.config
    session = made.write(TEXT, tokens(5), SAID, sampling=GREEDY)
    drawn = list(session)[:6]
    ids = prompt_steps(config, phones_of_both(SAID, TEXT), tokens(5))
    known, audio = len(ids), 5 // groups
    more = [next_step(config, audio + k, codes) for k, codes in enumerate(drawn)]
    ids = torch.from_numpy(np.concatenate((ids, more)))[None]
    with torch.no_grad():
        hidden = network.hidden(ids)[0, known - 1 : -1]
    each = [logits.argmax(-1).tolist() for logits in network.logits(hidden)]
    assert len(drawn) > 2 and list(zip(*each, each[0], strict=True)) == [
        tuple(codes.tolist()) for codes in drawn
    ]


@pytest.mark.parametrize("network", [first(), first(groups=2), second()])
def test_a_batch_equals_singles(network):
    lessons = [
        network.lesson({"acoustic": tokens(frames, seed=frames)}, text=text)
        for frames, text in ((9, TEXT), (4, Text("say yes")), (6, Text("no, no")))
    ]
    together = network.nats(Lessons.of(lessons))
    alone = Told.joined([network.nats(Lessons.of([each])) for each in lessons])
    for ours, theirs in zip(together.sums(4), alone.sums(4), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)


def test_streams_of_one_engine_are_those_of_each_alone():
    made = first_generator(groups=2)
    asked = [(TEXT, 5, 0, "drawn"), (Text("yes yes"), 8, 1, "likeliest"), (TEXT, 4, 2, "drawn")]

    def write(text, frames, seed, ends, engine=None):
        return made.write(text, tokens(frames), SAID, seed=seed, ends=ends, engine=engine)

    alone = [made.codes(write(*each)).tolist() for each in asked]
    engine = made.start_engine(3)
    sessions = [write(*each, engine=engine) for each in asked]
    assert [made.codes(session).tolist() for session in sessions] == alone


def test_in_training_a_level_is_drawn_and_the_prompt_is_at_most_half():
    network = second(context=320).train()
    lessons = Lessons.of([network.lesson({"acoustic": tokens(300)}, text=TEXT)])
    torch.manual_seed(0)
    told = [network.nats(lessons) for _ in range(12)]
    assert {int(each.levels[0]) for each in told} == {1, 2}
    assert all(len(each.levels.unique()) == 1 for each in told)
    counts = {len(each.levels) for each in told}
    assert len(counts) > 1 and min(counts) >= 150 and max(counts) <= 300 - 75


def test_frames_of_a_group_count_as_one_sequence():
    """Two rows of one history draw what one row draws in two steps, by the same chance."""
    aware = Sampling(top_p=0.0, aware=RepetitionAware(window=4, share=0.3))
    logits = torch.tensor([[0.3, 0.2, 0.1, 0.0]])
    chance = torch.rand(24, 2, generator=torch.Generator().manual_seed(0))

    def draw(rows, histories):
        sampler = Sampler(1, rows, torch.device("cpu"), histories)
        stream = Stream((aware,) * rows, torch.Generator(), 0, 0)
        sampler.set_streams([stream])
        found = []
        for numbers in chance.split(rows):
            stream.numbers = numbers
            sampler.begin(None)
            found += [int(sampler.draw(row, logits)) for row in range(rows)]
            sampler.end()
        return found

    one = draw(1, None)
    assert draw(2, (0, 0)) == one and set(one) == {0, 1, 2, 3}
    assert draw(2, None) != one
