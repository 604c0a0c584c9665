"""Benchmarks get of each model what it makes: codes of all frames, and what a judge reads."""

from __future__ import annotations

import argparse

import numpy as np
import pytest
import torch

from benchmarks import number_translation, quantizer_ablation, soundstorm
from tests.language import pairs
from tests.language.frames import toys as frames
from tests.language.recogniser.test_recogniser import TRUNK
from tests.language.soundstorm import toys as storms
from tests.language.stages import toys as stages
from vocable.language.frames import FramesGenerator
from vocable.language.recogniser import Recogniser, RecogniserConfig, RecogniserGenerator
from vocable.language.soundstorm import MaskedSampling
from vocable.language.stages import Part, StageGenerator
from vocable.language.translator import TranslatorGenerator
from vocable.testing.block_examples import seeded
from vocable.tokens.sets import About, TokenSetWriter
from vocable.train import read_recipe
from vocable.train.codec.model import build


def test_all_ways_make_the_codes_of_each_frame() -> None:
    count = 6
    stage = StageGenerator(stages.network("fine"), name="toy@1")
    found = soundstorm.by_steps(stage, stages.some_tracks(count), count, 0)
    assert found.shape == (2, count) and soundstorm.steps_of(stage, count) == found.size
    assert (found.max(1) < [12, 9]).all() and found.min() >= 0
    model = FramesGenerator(frames.network("delay"), name="toy@1")
    assert soundstorm.by_steps(model, {}, count, 0).shape == (3, count)
    storm = storms.generator(given=1)
    made = soundstorm.by_storm(storm, storms.tracks(count), count, 0, MaskedSampling(2))
    assert made.shape == (2, count)


def test_what_was_translated_is_read(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TokenSetWriter(tmp_path / "pairs") as out:
        out.add(pairs.pair(0), About("a"))
    translator = TranslatorGenerator(pairs.translator(), name="toy@1")
    reads = RecogniserConfig(TRUNK, Part("target", pairs.OTHER.to_dict(), 1), " abc")
    judge = RecogniserGenerator(seeded(lambda: Recogniser(reads)).eval(), name="judge@1")
    monkeypatch.setattr(number_translation, "trained", lambda *args: translator)
    options = argparse.Namespace(folder=tmp_path, beam=1)
    told = [argparse.Namespace(tracks=pairs.pair(k)) for k in range(3)]
    texts, unended = number_translation.translated(options, "letters", [], 0, told, judge)
    assert len(texts) == 3 and all(isinstance(each, str) for each in texts) and 0 <= unended <= 3
    row = number_translation.shown("it", [(["a b", "c"], 0)], ["a b", "d"])
    assert "50.0" in row and np.isclose(number_translation.bleu(["a b c d"], ["a b c d"]), 100)


@pytest.mark.parametrize("arm", quantizer_ablation.ARMS.values(), ids=quantizer_ablation.ARMS)
def test_quantizers_are_compared_at_equal_bits(arm: list[str]) -> None:
    recipe = read_recipe("distil-none", [*quantizer_ablation.SHARED, *arm])
    model = build(recipe)
    assert float(model.spec.bitrate()) == 100 * quantizer_ablation.BITS
    losses = model.train()(torch.randn(1, 1, 3200)).losses
    assert losses.keys() <= recipe.loss.codec.keys()  # a run would stop at one without a weight
