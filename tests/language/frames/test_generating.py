"""What a model of frames generates: whole frames of codes, that go on, that end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.language.frames.toys import CASES, LAYOUTS, SPEC, config, network, some_tokens, stepped
from vocable import load
from vocable.errors import ModelError, TokenError
from vocable.language.frames import FramesConfig, FramesGenerator
from vocable.language.sampling import GREEDY, Sampling
from vocable.load import load_codec
from vocable.load.own_language import save_language
from vocable.tokens import AudioTokens, Level, TokenSpec

every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def generator(layout: str, streams: int = 1) -> FramesGenerator:
    return FramesGenerator(network(layout, streams), name="toy@1")


@pytest.mark.parametrize(("layout", "streams"), CASES)
@pytest.mark.parametrize("given", [0, 1, 4])
def test_greedy_frames_are_the_likeliest(layout, streams, given):
    """What is generated is what the model foretells, where everything before is known."""
    made, begin = generator(layout, streams), some_tokens(given, streams=streams)
    frames = np.stack(list(made.generate(begin, seconds=0.24, sampling=GREEDY)), -1)
    assert frames.shape == ((3, 6) if streams == 1 else (2, 3, 6))
    codes = np.concatenate((begin.codes, frames.reshape(streams, 3, 6)), 2)
    tokens = AudioTokens(SPEC, list(codes.swapaxes(0, 1)))
    lesson = made.network.lesson({"acoustic": tokens}, ends=False)
    for (step, row), logits in stepped(made.network, lesson).items():
        level = lesson.levels[step, row]
        before = (lesson.levels[:step, row] == level).sum()
        if before >= given:
            size = SPEC.levels[level % 3].size
            assert int(logits[:size].argmax()) == lesson.ids[step, row]


@pytest.mark.parametrize(("streams", "drawn"), [(1, Sampling(0.9, top_k=100)), (2, Sampling())])
def test_several_streams_are_drawn_from_all_ids(streams, drawn):
    """Silence ends as often as the model says it does, which colder draws do not."""
    made = generator("delay", streams)
    asked = [list(made.generate(seconds=0.4, seed=3, sampling=each)) for each in (None, drawn)]
    np.testing.assert_array_equal(*asked)


@pytest.mark.parametrize(("layout", "streams"), [("delay", 2), ("acoustic_delay", 2), ("depth", 1)])
def test_the_last_frames_know_of_the_end(layout, streams):
    """All but the first row are drawn greedily, up to the end, as the whole foretells them."""
    made = generator(layout, streams)
    rows = [Sampling(), *[GREEDY] * (3 * streams - 1)]
    runs = (
        (run, list(run)) for seed in range(40) for run in [made.generate(sampling=rows, seed=seed)]
    )
    frames = next(found for run, found in runs if run.reason == "end" and len(found) > 2)
    tokens = AudioTokens(
        SPEC,
        [
            np.stack(each, 1).reshape(streams, -1)
            for each in zip(
                *[np.asarray(frame).reshape(streams, 3).T for frame in frames], strict=True
            )
        ],
    )
    lesson = made.network.lesson({"acoustic": tokens})
    for (step, row), logits in stepped(made.network, lesson).items():
        if row:
            size = SPEC.levels[lesson.levels[step, row] % 3].size
            assert int(logits[:size].argmax()) == lesson.ids[step, row]


@every_layout
def test_seeds_decide(layout):
    made = generator(layout)
    one, same, other = (np.stack(list(made.generate(seconds=0.4, seed=s))) for s in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert (one < [8, 6, 12]).all() and (one >= 0).all()


@every_layout
def test_a_recording_ends_where_its_first_row_does(layout):
    made = generator(layout)
    reasons = set()
    for seed in range(12):
        run = made.generate(seed=seed)
        frames = list(run)
        reasons.add(run.reason)
        if frames:
            assert (np.stack(frames) < [8, 6, 12]).all() and (np.stack(frames) >= 0).all()
    assert ("end" in reasons) == (layout != "coarse_first")


def test_streams_of_one_engine_do_not_mix():
    made = generator("delay")
    alone = [np.stack(list(made.generate(seconds=0.4, seed=seed))) for seed in range(3)]
    engine = made.start_engine(3, context=40)
    runs = [made.generate(seconds=0.4, seed=seed, engine=engine) for seed in range(3)]
    together = [[] for _ in runs]
    for _ in range(10):
        for frames, run in zip(together, runs, strict=True):
            frames.append(next(run))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, np.stack(other))


@pytest.mark.parametrize("sinks", [0, 4])
def test_what_forgets_has_no_end(sinks):
    made = generator("delay")
    known = np.stack(list(made.generate(seconds=3, seed=3)))  # 75 frames, of 77 that it sees
    run = made.generate(seconds=8, seed=3, engine=made.start_endless(sinks=sinks))
    frames = np.stack(list(run))
    assert np.array_equal(frames[:73], known[:73]) and frames.shape == (200, 3)  # the end tells
    begin = some_tokens(90)
    assert len(list(made.generate(begin, seconds=0.4, engine=made.start_endless()))) == 10
    with pytest.raises(ModelError, match="seconds must be given"):
        made.generate(engine=made.start_endless())
    with pytest.raises(ModelError, match="hold no frame"):
        made.generate(seconds=0.001, engine=made.start_endless())


def test_it_is_saved_and_loaded(tmp_path: Path):
    made = network("acoustic_delay")
    for weight in made.parameters():
        weight.copy_(weight.half())
    assert save_language(made, tmp_path / "m", "toy", facts={"licence": "CC0-1.0"}) == "toy@1"
    loaded = load(tmp_path / "m")
    assert loaded.name == "toy@1" and loaded.licence == "CC0-1.0" and loaded.spec == SPEC
    before = FramesGenerator(made, name="toy@1").generate(seconds=0.4, seed=3)
    assert np.array_equal(list(before), list(loaded.generate(seconds=0.4, seed=3)))
    assert loaded.abilities.continues and loaded.abilities.codec == "toy"
    with pytest.raises(ModelError, match="toy models tokens; take a codec"):
        load_codec(tmp_path / "m")


def test_what_it_cannot_do_is_refused():
    made = generator("delay")
    with pytest.raises(ModelError, match="room for 77 frames, of which 0 are given and 250"):
        made.generate(seconds=10)
    for wrong in (float("nan"), float("inf"), 0.0, -1.0):
        for engine in (None, made.start_endless()):
            with pytest.raises(ModelError, match=f"above 0, and finite, but are {wrong}"):
                made.generate(seconds=wrong, engine=engine)
    with pytest.raises(ModelError, match="of which 90 are given"):
        made.generate(some_tokens(90), seconds=1)
    other = TokenSpec("toy@2:0b", 16_000, 640, 1, (Level(8), Level(6), Level(12)), (1, 2, 3))
    with pytest.raises(TokenError, match="toy@2:0b is not what toy@1 models"):
        made.generate(AudioTokens(other, some_tokens(3).stacks), seconds=0.2)
    with pytest.raises(TokenError, match="has 1 streams, but toy@1 models 2"):
        generator("delay", 2).generate(some_tokens(3), seconds=0.2)
    with pytest.raises(TokenError, match="reads 1 streams, but the tokens have 2"):
        made.network.lesson({"acoustic": some_tokens(3, streams=2)})
    with pytest.raises(ModelError, match="has no codec"):
        made.play(seconds=0.2)
    with pytest.raises(ModelError, match="the engine runs another model"):
        made.generate(seconds=0.2, engine=generator("delay").start_engine(1))


def test_configs_that_cannot_be():
    good = config("delay")
    for change, message in (
        ({"layout": "flatten"}, "has one row"),
        ({"layout": "depth"}, "needs a depth model"),
        ({"depth": good.trunk}, "has no depth model"),
        ({"streams": 0}, "streams must be at least 1 but is 0"),
    ):
        with pytest.raises(ModelError, match=message):
            replace(good, **change)
    with pytest.raises(TokenError, match="levels must be one of"):
        FramesConfig(good.trunk, good.spec, 5)
