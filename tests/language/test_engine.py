"""Streams of an engine draw what they draw alone; they end with a reason; bad input is refused."""

import re
from itertools import islice

import numpy as np
import pytest
import torch

from tests.language.toys import KINDS, LLAMA, MODELS, model_named
from vocable.errors import ModelError, TokenError
from vocable.language import engine as engines
from vocable.language.engine import Engine, Prompt
from vocable.language.sampling import (
    GREEDY,
    RepetitionAware,
    RepetitionPenalty,
    Sampling,
)
from vocable.language.session import stop_at, stop_at_step
from vocable.language.token_model import RowModel
from vocable.testing.block_examples import seeded


def prompt(model, time, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rows = [torch.randint(0, size, (time,), generator=generator) for size in model.sizes]
    return Prompt(torch.stack(rows, 1))


def follow(model):
    """Rows that are not drawn hold 1 always, as those of a listener who repeats."""
    missing = len(model.sizes) - model.drawn
    return lambda drawn: np.append(drawn, np.ones(missing, np.int64))


def run(model, streams, most=8, **options):
    """Run streams, each (when it joins, prompt, settings); return what each gave."""
    engine, sessions, time = Engine(model, 8, **options), {}, 0
    while len(sessions) < len(streams) or engine.running:
        for index, (when, start, settings) in enumerate(streams):
            if when == time:
                each = {"follow": follow(model), "most": most, "seed": index, **settings}
                sessions[index] = engine.join(start, **each)
        engine.step()
        time += 1
    return [np.stack(list(sessions[index])) for index in range(len(streams))]


SETTINGS = {
    "greedy": GREEDY,
    "plain": Sampling(),
    "csm": Sampling(0.9, top_k=4),
    "nucleus": Sampling(0.8, top_k=5, top_p=0.9),
    "penalty": Sampling(0.7, penalty=RepetitionPenalty(1.3, 3)),
    "vall-e-2": Sampling(top_p=0.5, aware=RepetitionAware(window=4)),
    "cosyvoice": Sampling(top_p=0.8, top_k=3, aware=RepetitionAware("cosyvoice", window=5)),
}


@pytest.mark.parametrize("name", MODELS)
def test_greedy_steps_follow_the_whole(name):
    """What is drawn at each step is the likeliest in a whole forward of all that was drawn."""
    model = model_named(name)
    start = prompt(model, 5)
    found = run(model, [(0, start, {"sampling": GREEDY})], most=12)[0]
    more = np.stack([follow(model)(step) for step in found])
    with torch.no_grad():
        logits = model.whole(torch.cat((start.rows, torch.from_numpy(more)))[None])
    for row, each in enumerate(logits):
        np.testing.assert_array_equal(each[4:].argmax(-1), found[:, row])


@pytest.mark.parametrize("name", MODELS)
def test_streams_draw_what_they_draw_alone(name):
    """Whatever their settings, prompts and neighbours, and whenever they join."""
    model = model_named(name)
    times = [0, 0, 2, 3, 3, 3, 7]
    streams = [
        (time, prompt(model, 1 + 3 * index % 11, index), {"sampling": sampling, "seed": index})
        for index, (time, sampling) in enumerate(zip(times, SETTINGS.values(), strict=True))
    ]
    together = run(model, streams)
    late = run(model, [(9 - when, *rest) for when, *rest in streams])
    for found, other, (_, start, settings) in zip(together, late, streams, strict=True):
        np.testing.assert_array_equal(found, run(model, [(0, start, settings)])[0])
        np.testing.assert_array_equal(found, other)


def test_streams_that_share_chance_are_noticed(monkeypatch):
    """The broken example: one generator for all."""
    model, shared = model_named("csm"), torch.Generator()
    streams = [(0, prompt(model, 3, index), {"seed": index}) for index in range(3)]
    wanted = [run(model, [(0, *rest)])[0] for _, *rest in streams]
    monkeypatch.setattr(engines, "seeded", lambda seed: shared)
    found = run(model, streams)
    assert not all(map(np.array_equal, found, wanted))


def test_a_seed_draws_the_same_and_another_draws_otherwise():
    model = model_named("csm")
    found = [run(model, [(0, prompt(model, 3), {"seed": seed})])[0] for seed in (7, 7, 8)]
    assert np.array_equal(found[0], found[1]) and not np.array_equal(found[0], found[2])


@pytest.mark.parametrize("block", [1, 4])
def test_long_prompts_run_in_blocks(monkeypatch, block):
    model = model_named("csm")
    streams = [(0, prompt(model, time, time), {}) for time in (9, 1, 4, 16)]
    wanted = run(model, streams)
    monkeypatch.setattr(engines, "BLOCK", block)
    assert all(map(np.array_equal, run(model, streams), wanted))


@pytest.mark.parametrize("options", [{"window": 4}, {"window": 4, "sinks": 2}])
def test_a_ring_never_ends(options):
    model = model_named("moshi")
    streams = [(when, prompt(model, 2 + when, when), {}) for when in (0, 1, 5)]
    found = run(model, streams, most=24, **options)
    assert [each.shape for each in found] == [(24, 3)] * 3
    alone = {"seed": 2}
    wanted = run(model, [(0, streams[2][1], alone)], most=24, **options)[0]
    np.testing.assert_array_equal(found[2], wanted)


def embedded(model, ids):
    with torch.no_grad():
        return Prompt(model.embed(ids.rows[None])[0])


def test_prompts_may_be_embeddings():
    model = model_named("flat")
    start = prompt(model, 6)
    found = run(model, [(0, start, {}), (0, embedded(model, start), {"seed": 0})])
    np.testing.assert_array_equal(*found)


def guided_model():
    return seeded(lambda: RowModel(KINDS["musicgen"], (7,), (7,))).eval()


def test_guidance_goes_past_the_condition():
    """Greedy steps are the likeliest of `without + 3 (with - without)`; both go on alike."""
    model, start = guided_model(), torch.tensor([[1], [2]])
    states = torch.randn(5, 16, generator=torch.Generator().manual_seed(3))
    engine = Engine(model, 3, cross_states=5)
    neighbour = engine.join(Prompt(start, states), seed=4, most=9)
    guided = Sampling(temperature=0, guidance=3.0)
    session = engine.join(
        Prompt(start, states), against=Prompt(start[:1], states[:0]), sampling=guided, most=6
    )
    found = np.stack(list(session))
    ids = torch.from_numpy(found)
    with torch.no_grad():
        given = model(torch.cat((start, ids))[None], cross=states[None])[0][0, 1:-1]
        empty = torch.zeros(1, 1, 16)
        lacking = model(torch.cat((start[:1], ids))[None], cross=empty)[0][0, :-1]
    wanted = (lacking + 3 * (given - lacking)).argmax(-1)
    np.testing.assert_array_equal(found[:, 0], wanted)
    assert (wanted != given.argmax(-1)).any(), "guidance changes nothing here"
    assert engine.free == 2
    alone = Engine(model, 1, cross_states=5).join(Prompt(start, states), seed=4, most=9)
    np.testing.assert_array_equal(np.stack(list(neighbour)), np.stack(list(alone)))


def test_only_what_is_legal_is_drawn():
    model = model_named("flat")

    def legal(step):
        mask = np.zeros((2, 9), bool)
        mask[0, step % 7], mask[1, [3, 4]] = True, True
        return mask

    streams = [(0, prompt(model, 3), {"legal": legal}), (0, prompt(model, 3), {"legal": None})]
    found = run(model, streams)
    np.testing.assert_array_equal(found[0][:, 0], np.arange(8) % 7)
    assert set(found[0][:, 1]) <= {3, 4}
    np.testing.assert_array_equal(found[1], run(model, [(0, streams[1][1], {"seed": 1})])[0])


def test_every_end_has_its_reason():
    model = model_named("flat")
    engine = Engine(model, 8, context=12)

    def join(**more):
        return engine.join(prompt(model, 4), sampling=GREEDY, **more)

    full = join()
    steps = list(full)
    assert (len(steps), full.reason) == (9, "context")  # 8 more positions, and one step after them
    third = steps[2]
    short, rule, exact = (
        join(most=2),
        join(stop=stop_at(0, int(third[0]))),
        join(stop=stop_at_step(third)),
    )
    word, done = join(stop=lambda step: "silence"), join(follow=lambda step: None)
    left = join()
    assert [len(list(each)) for each in (short, word, done)] == [2, 0, 1]
    assert [each.reason for each in (short, word, done)] == ["length", "silence", "end"]
    assert len(list(exact)) <= 2 and len(list(rule)) <= 2
    assert (exact.reason, rule.reason) == ("end", "end")
    next(left)
    left.leave()
    assert left.reason == "left"
    assert engine.free == 8 and not engine.step()


def test_reading_is_a_stream_and_nobody_loses_steps():
    model = model_named("flat")
    engine = Engine(model, 2)
    first, second = (engine.join(prompt(model, 3, seed), most=6) for seed in (0, 1))
    head = list(islice(first, 2))
    others = list(second)  # runs the first on
    assert engine.free == 2
    rest = list(first)
    assert len(head) + len(rest) == 6 == len(others)


def test_logits_that_are_not_numbers_end_one_stream_alone():
    model = model_named("flat")
    engine = Engine(model, 3)
    starts = [prompt(model, 4, seed) for seed in range(3)]
    spoilt = embedded(model, starts[1])
    spoilt.rows[2] = torch.nan
    sessions = [engine.join(each, most=5) for each in (starts[0], spoilt, starts[2])]
    with pytest.raises(ModelError, match=r"^logits of step 0 are not numbers; look at"):
        next(sessions[1])
    late = engine.join(starts[1], most=5)  # in the place that is free again
    for session, start in ((sessions[0], starts[0]), (sessions[2], starts[2]), (late, starts[1])):
        alone = Engine(model, 1).join(start, most=5)
        np.testing.assert_array_equal(np.stack(list(session)), np.stack(list(alone)))
    assert (sessions[1].reason, sessions[0].reason) == ("error", "length")


def test_a_step_without_legal_ids_ends_one_stream():
    model = model_named("flat")
    engine = Engine(model, 2)
    session = engine.join(prompt(model, 3), legal=lambda step: np.zeros((2, 9), bool))
    other = engine.join(prompt(model, 3), most=3)
    with pytest.raises(ModelError, match="no id is legal in row 0 of step 0"):
        next(session)
    assert len(list(other)) == 3


def test_steps_that_the_model_lacks_end_one_stream():
    model = model_named("moshi")
    engine = Engine(model, 3)
    wrong = {
        "id 6 at step 0 is out of range: row 4": lambda drawn: np.array([*drawn, 1, 6]),
        "a step has 5 rows but 4 came": lambda drawn: np.array([*drawn, 1]),
    }
    sessions = [engine.join(prompt(model, 3), follow=each) for each in wrong.values()]
    other = engine.join(prompt(model, 3), most=3, follow=follow(model))
    for session, message in zip(sessions, wrong, strict=True):
        next(session)
        with pytest.raises(TokenError, match=message):
            next(session)
    assert len(list(other)) == 3
    with pytest.raises(ModelError, match="the model draws 3 of 5 rows; give follow"):
        engine.join(prompt(model, 3))


def test_what_cannot_join_is_refused():
    model = model_named("flat")
    engine, good = Engine(model, 2, context=10), prompt(model, 4)
    bad = {
        "the prompt is empty": {"prompt": Prompt(good.rows[:0])},
        "a prompt is [time, 2] but this one is [4, 1]": {"prompt": Prompt(good.rows[:, :1])},
        "the prompt of 11 positions does not fit the context of 10": {"prompt": prompt(model, 11)},
        "id 9 at step 1 is out of range: row 1 has ids 0 to 8": {
            "prompt": Prompt(torch.tensor([[0, 0], [-1, 9]]))
        },
        "3 settings are given; the model draws 2": {"sampling": [GREEDY] * 3},
        "most is a whole number of steps, at least 1, or None; it is 0": {"most": 0},
        "guidance needs a second prompt": {"sampling": Sampling(guidance=2.0)},
    }
    for message, options in bad.items():
        with pytest.raises((ModelError, TokenError), match=re.escape(message)) as caught:
            engine.join(**{"prompt": good, **options})
        assert "\n" not in str(caught.value)
    engine.join(good), engine.join(good)
    with pytest.raises(ModelError, match="1 streams want to join but 0 of 2 places are free"):
        engine.join(good)
    with pytest.raises(ModelError, match="give the prompt encoder states"):
        Engine(guided_model(), 1).join(Prompt(torch.tensor([[1]])))


def test_memory_is_made_once():
    model = model_named("csm")
    engine = Engine(model, 3)
    tensors = [each for layer in engine.cache.layers for each in layer.tensors()]
    before = [each.data_ptr() for each in tensors]
    sessions = [
        engine.join(prompt(model, 2, seed), most=3 + seed, follow=follow(model))
        for seed in range(3)
    ]
    assert sum(len(list(each)) for each in sessions) == 12
    after = [each.data_ptr() for layer in engine.cache.layers for each in layer.tensors()]
    assert before == after and LLAMA.layers == len(engine.cache.layers)
