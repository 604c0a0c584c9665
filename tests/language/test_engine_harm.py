"""What programs do around an engine, and to it, changes no stream but the one that asked for it."""

import re
from itertools import islice
from threading import Thread

import numpy as np
import pytest
import torch

from tests.language.test_engine import guided_model, prompt
from tests.language.toys import model_named
from vocable.errors import ModelError, TokenError
from vocable.language.engine import Engine, Prompt
from vocable.language.joining import seeded
from vocable.language.sampling import RepetitionPenalty, Sampling
from vocable.testing.host_settings import LOWERED, host_settings

SETTINGS = Sampling(0.9, top_p=0.9, penalty=RepetitionPenalty(1.3, 3))
ASKED = {"sampling": SETTINGS, "seed": 1, "most": 6}


def alone(model, start, **options):
    return list(Engine(model, 1).join(start, **{**ASKED, **options}))


def same(one, other):
    np.testing.assert_array_equal(np.stack(one), np.stack(other))


@pytest.fixture
def flat():
    return model_named("flat")


@pytest.mark.parametrize("name", host_settings())
def test_settings_around_an_engine_are_not_noticed(flat, name):
    start = prompt(flat, 4)
    wanted = alone(flat, start)
    with host_settings()[name]():
        found = alone(flat, start)
    if name not in LOWERED:
        same(found, wanted)
    assert len(found) == len(wanted)


def test_a_reader_may_write_to_its_steps(flat):
    start, found = prompt(flat, 4), []
    for step in Engine(flat, 1).join(start, **ASKED):
        found.append(step.copy())
        step[:] = 0
    same(found, alone(flat, start))


def raises(error):
    def rule(*_):
        raise error

    return rule


WRONG = {
    "stop says in a word why a stream ends, None if not; it gave False": {"stop": lambda s: False},
    "mine": {"stop": raises(ValueError("mine"))},
    "mine too": {"follow": raises(ValueError("mine too"))},
    "mine as well": {"legal": raises(ValueError("mine as well"))},
    "a rule raised StopIteration at step 0; let it return None": {
        "stop": raises(StopIteration()),
    },
    "a step is whole numbers [rows], not float64 [2]; follow gave it after step 0": {
        "follow": lambda drawn: drawn + 0.5
    },
    "a step is whole numbers [rows], not int64 []; follow gave it after step 0": {
        "follow": lambda drawn: drawn[0]
    },
    "legal gives bool [2, ids], which ids each row may be, but of step 0 it gave bool [9]": {
        "legal": lambda step: np.ones(9, bool)
    },
    "it gave int64 [2, 9]": {"legal": lambda step: np.ones((2, 9), int)},
    "no id that the model draws is legal in a row of step 0": {
        "legal": lambda step: np.arange(20)[None].repeat(2, 0) == 15
    },
}


@pytest.mark.parametrize("message", WRONG)
def test_rules_that_fail_end_one_stream_alone(flat, message):
    engine, start = Engine(flat, 3), prompt(flat, 4)
    first = engine.join(start, **ASKED)
    wrong = engine.join(start, **{**ASKED, **WRONG[message]})
    last = engine.join(start, **ASKED)
    for session in (first, last):
        same(list(session), alone(flat, start))
    assert wrong.reason == "error"
    with pytest.raises((ModelError, TokenError, ValueError), match=re.escape(message)):
        list(wrong)


def test_ids_beyond_a_mask_are_not_legal(flat):
    session = Engine(flat, 1).join(prompt(flat, 3), legal=lambda step: np.ones((2, 2), bool))
    assert np.stack(list(islice(session, 15))).max() == 1


def test_a_rule_may_let_streams_leave(flat):
    engine, start = Engine(flat, 4), prompt(flat, 4)
    other, own = [], []
    gone = engine.join(start, **ASKED)
    session = engine.join(start, **ASKED, stop=lambda step: other[0].leave())
    other.append(gone)
    leaves = engine.join(start, **ASKED, stop=lambda step: own[0].leave())
    own.append(leaves)
    last = engine.join(start, **ASKED)
    for each in (session, last):
        same(list(each), alone(flat, start))
    assert (gone.reason, leaves.reason, engine.free) == ("left", "left", 4)


def test_a_step_within_a_step_is_refused(flat):
    engine, start = Engine(flat, 2), prompt(flat, 4)
    session = engine.join(start, **ASKED, stop=lambda step: engine.step() and None)
    with pytest.raises(ModelError, match="a step runs already"):
        next(session)


@pytest.mark.parametrize("name", ["flat", "csm"])
def test_a_step_that_is_broken_off_runs_again(name, monkeypatch):
    model = model_named(name)
    more = {} if name == "flat" else {"follow": lambda drawn: np.append(drawn, 1)}
    engine, start = Engine(model, 2, window=6), prompt(model, 4)
    session, found = engine.join(start, **ASKED, **more), []

    def broken():
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(engine._sampler, "draw", raises(KeyboardInterrupt()))
            engine.step()

    for step in range(6):
        broken()
        if step == 2:
            late = engine.join(prompt(model, 2), **ASKED, **more)
            broken()
        found.append(next(session))
    wanted = list(Engine(model, 1, window=6).join(start, **ASKED, **more))
    same(found, wanted)
    same(list(late), alone(model, prompt(model, 2), **more))


def test_threads_share_an_engine(flat):
    engine, found = Engine(flat, 6), {}
    sessions = {seed: engine.join(prompt(flat, 4), **{**ASKED, "seed": seed}) for seed in range(6)}
    threads = [
        Thread(target=lambda seed=seed, s=session: found.update({seed: list(s)}))
        for seed, session in sessions.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(6):
        same(found[seed], alone(flat, prompt(flat, 4), seed=seed))


def test_seeds_are_whole_numbers(flat):
    start = prompt(flat, 4)
    for seed in (3, -1, 2**64 - 1):
        assert len(alone(flat, start, seed=seed)) == 6
    assert seeded(np.int64(3)).initial_seed() == 3
    for seed in (1.5, None, "1", 2**64):
        with pytest.raises(ModelError, match=f"^seed must be a whole number .* is {seed!r}$"):
            seeded(seed)


def test_what_a_step_would_trip_over_does_not_join(flat):
    start, guided = prompt(flat, 4), guided_model()
    with pytest.raises(ModelError, match="^this model has no cross-attention; give no encoder"):
        Engine(flat, 1).join(Prompt(start.rows, torch.zeros(1, 4)))
    with pytest.raises(ModelError, match=r"sees states \[states, \d+\] but these are \[2, 5\]$"):
        Engine(guided, 1, cross_states=2).join(Prompt(torch.tensor([[1]]), torch.zeros(2, 5)))
    with pytest.raises(ModelError, match="^the model has shapes and no weights"):
        Engine(model_named("flat").to("meta"), 1)


@pytest.mark.parametrize("name", ["flat", "csm"])
def test_a_cache_may_hold_less_than_weights(name):
    """Close to the whole, and the same for prompts in blocks of any size."""
    model = model_named(name)
    more = {} if name == "flat" else {"follow": lambda drawn: np.append(drawn, 1)}
    steps = Engine(model, 1, dtype=torch.bfloat16).join(prompt(model, 4), **ASKED, **more)
    assert len(list(steps)) == 6


def test_encoder_states_come_in_any_precision():
    model = guided_model()
    width = model.trunk.config.cross
    states = torch.randn(3, width, generator=torch.Generator().manual_seed(0))
    start = torch.tensor([[1]])

    def run(given):
        return list(Engine(model, 1, cross_states=3).join(Prompt(start, given), **ASKED))

    same(run(states), run(states.double()))
