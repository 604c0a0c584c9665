"""AudioLM's stages together: as many frames as were asked for, behind what was given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.language.stages.toys import CODEC, TRUNK, UNITS, network, some_tracks
from vocable.errors import ModelError
from vocable.language.audiolm import AudioLM
from vocable.language.stages import Part, Stage, StageConfig, StageGenerator
from vocable.tokens import AudioTokens

LEVELS = [8, 6, 12, 9]


class Codec:
    """A codec whose sound is its tokens, and a tokenizer that hears units in them."""

    spec = CODEC

    def __init__(self):
        self.heard = []

    def decode(self, tokens):
        return tokens

    def encode(self, source, *, mix=False):
        assert mix
        self.heard.append(source)
        units = np.repeat(source.codes[0, 0] % 5, 2)
        return {"semantic": AudioTokens(UNITS, [units[None]]), "acoustic": source}

    def start_decoding(self, batch=1): ...
    def decode_step(self, codes, state): ...
    def finish_decoding(self, state): ...


def stage(name):
    return StageGenerator(network(name), name=f"{name}@1", licence="CC0-1.0")


def model(**stages):
    made = {name: stage(name) for name in ("semantic", "coarse", "fine")} | stages
    codec = Codec()
    return AudioLM("toy", {k: v for k, v in made.items() if v}, codec, codec), codec


def generated(made, begin=None, **options):
    run = made.generate(begin, **options)
    frames = list(run)
    assert run.reason == "length"
    assert (np.stack(frames) < LEVELS).all() and (np.stack(frames) >= 0).all()
    return frames


@pytest.mark.parametrize("given", [0, 5, 30])
def test_it_gives_the_frames_that_were_asked_for(given):
    made, codec = model()
    begin = some_tracks(given) if given else None
    frames = generated(made, begin, seconds=0.4, seed=1)
    assert len(frames) == 10 and codec.heard == []
    assert np.array_equal(frames, generated(made, begin, seconds=0.4, seed=1))
    assert not np.array_equal(frames, generated(made, begin, seconds=0.4, seed=2))
    whole = made.joined(begin, frames)
    assert whole.frames == given + 10 and whole.spec == CODEC
    if begin:
        assert whole[:given] == begin["acoustic"]


def test_what_is_given_decides():
    made, _ = model()
    one, other = (generated(made, some_tracks(9, seed), seconds=0.4) for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_semantic_tokens_alone_are_voiced_from_their_beginning():
    made, codec = model()
    said = {"semantic": some_tracks(9)["semantic"]}
    frames = generated(made, said, seconds=0.4)
    assert len(frames) == 10 and codec.heard == []
    assert made.joined(said, frames) == made.tokens(frames)
    assert not np.array_equal(frames, generated(made, seconds=0.4))


def test_all_units_that_were_given_are_voiced_before_others_are_written(monkeypatch):
    made, codec = model()
    units, pieces = some_tracks(110)["semantic"], []
    write = StageGenerator.write

    def kept(self, given, before, count, **options):
        assert self.name != "semantic@1", "the units last for all that is asked for"
        if self.name == "coarse@1":
            pieces.append((given["semantic"].codes[0, 0].tolist(), count // 2))
        return write(self, given, before, count, **options)

    monkeypatch.setattr(StageGenerator, "write", kept)
    generated(made, {"semantic": units}, seconds=4.4)
    assert len(pieces) > 2 and len(codec.heard) == len(pieces) - 1
    at = 0
    for piece, frames in pieces:  # two units a frame
        told = units[at : at + 2 * frames].dedup().codes[0, 0].tolist()
        assert piece[-len(told) :] == told
        at += 2 * frames
    assert at == units.frames


def test_more_than_a_window_is_heard_again():
    """Each further piece goes on from the last frames, whose sound is heard again."""
    made, codec = model()
    begin = some_tracks(12)
    frames = generated(made, begin, seconds=5.0)
    assert len(frames) == 125 and len(codec.heard) > 2
    whole = made.joined(begin, frames)
    for heard in codec.heard:
        at = [n for n in range(whole.frames) if whole[n : n + heard.frames] == heard]
        assert at, "what is heard is a part of what was generated"


def test_a_long_beginning_is_cut_to_its_last_seconds():
    made, _ = model()
    begin = some_tracks(90)
    frames = generated(made, begin, seconds=0.4)
    assert len(frames) == 10 and made.joined(begin, frames)[:90] == begin["acoustic"]
    other = some_tracks(90)
    changed = other["acoustic"].codes[0].copy()
    changed[:, :20] = 0  # long ago, beyond half of a window
    other["acoustic"] = AudioTokens(CODEC, [row[None] for row in changed])
    assert np.array_equal(frames, generated(made, other, seconds=0.4))


def test_the_first_frame_comes_before_the_last_is_written(monkeypatch):
    made, _ = model()
    sessions = []
    write = StageGenerator.write

    def kept(self, *arguments, **options):
        sessions.append((self.name, write(self, *arguments, **options)))
        return sessions[-1][1]

    monkeypatch.setattr(StageGenerator, "write", kept)
    run = made.generate(some_tracks(40), seconds=0.36)
    next(run)
    run.leave()
    assert run.reason == "left" and [name for name, _ in sessions].count("fine@1") == 1


def test_stages_that_do_not_follow_are_refused():
    with pytest.raises(ModelError, match="lacks the stage fine; it has semantic, coarse"):
        model(fine=None)
    with pytest.raises(ModelError, match="do not follow each other"):
        model(fine=stage("flatten"))
    with pytest.raises(ModelError, match="do not follow each other"):
        model(semantic=stage("flatten"))
    apart = replace(CODEC, prefixes=(1, 4)).to_dict()
    said, coarse = network("semantic").config.target, Part("acoustic", apart, 2)
    fine = Part("acoustic", apart, 4, first=2)
    made = {
        "coarse": Stage(StageConfig(TRUNK, coarse, (said,))),
        "fine": Stage(StageConfig(TRUNK, fine, (coarse,))),
    }
    with pytest.raises(ModelError, match=r"writes 2 levels, .* meet at one of \[1\]"):
        model(**{each: StageGenerator(net, name="toy@1") for each, net in made.items()})
    made, _ = model()
    for seconds in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ModelError, match="seconds must be above 0"):
            made.generate(seconds=seconds)
    assert made.licence == "CC0-1.0" and made.abilities.continues
