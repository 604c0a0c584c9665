"""A recogniser: its laws, what it learns, and what a user gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import vocable
from vocable.errors import ModelError, TokenError
from vocable.language.config import TransformerConfig
from vocable.language.lessons import Lessons, Text
from vocable.language.recogniser import Recogniser, RecogniserConfig, RecogniserGenerator
from vocable.language.stages.config import Part
from vocable.load.own_language import save_language
from vocable.testing.block_examples import seeded
from vocable.tokens import AudioTokens, Level, TokenSpec

CODEC = TokenSpec("toy@1:0a", 16_000, 640, 1, (Level(8), Level(9)), (1, 2))  # 25 frames/s
COARSE = TokenSpec("coarse@1:0a", 16_000, 640, 1, (Level(5, 2), Level(9)), (2,))
TRUNK = TransformerConfig(width=24, layers=2, heads=2, hidden=32, context=40, causal=False)
TEXTS = ("ab", "cab", "a baba", "bc c")


def tokens(seed: int, frames: int = 8, spec: TokenSpec = CODEC) -> AudioTokens:
    random = np.random.default_rng(seed)
    counts = [-(-frames // level.stride) for level in spec.levels]
    sizes = [level.size for level in spec.levels]
    return AudioTokens(
        spec, [random.integers(0, n, (1, c)) for n, c in zip(sizes, counts, strict=True)]
    )


def config(spec: TokenSpec = CODEC, **more) -> RecogniserConfig:
    return RecogniserConfig(TRUNK, Part("acoustic", spec.to_dict(), 2), " abc", **more)


def recogniser(spec: TokenSpec = CODEC) -> Recogniser:
    return seeded(lambda: Recogniser(config(spec))).eval()


def lesson(model: Recogniser, seed: int, **more):
    return model.lesson({"acoustic": tokens(seed, **more)}, text=Text(TEXTS[seed % 4]))


def test_neither_padding_nor_neighbours_matter():
    model = recogniser()
    lessons = [lesson(model, k, frames=5 + 4 * k) for k in range(3)]
    told, alone = (model.nats(Lessons.of(lessons)), [model.nats(Lessons.of([x])) for x in lessons])
    torch.testing.assert_close(told.nats, torch.cat([each.nats for each in alone]))
    heard = model.hear(Lessons.of(lessons))
    assert heard == [model.hear(Lessons.of([each]))[0] for each in lessons]
    made = RecogniserGenerator(model, name="toy@1")
    assert heard == [made.transcribe(tokens(k, 5 + 4 * k)) for k in range(3)]


def test_its_loss_is_torchs_own_over_places():
    model = recogniser()
    assert model.config.places == 2  # 25 frames/s
    lessons = Lessons.of([lesson(model, 1)])
    logits = model.forward(lessons.ids[..., :2], [8])
    assert logits.shape == (1, 16, 5)
    scores = logits.log_softmax(-1).transpose(0, 1)
    ids = torch.tensor([[4, 2, 3]])
    wanted = F.ctc_loss(scores, ids, torch.tensor([16]), torch.tensor([3]), reduction="sum")
    torch.testing.assert_close(model.losses(lessons)["letters"], wanted / 3)
    torch.testing.assert_close(model.nats(lessons).nats, (wanted / 3).expand(3))


def test_a_text_without_room_counts_for_nothing():
    model = recogniser()
    short = model.lesson({"acoustic": tokens(0, 1)}, text=Text("aaaa"))
    both = Lessons.of([short, lesson(model, 1)])
    torch.testing.assert_close(
        model.losses(both)["letters"], model.losses(Lessons.of([lesson(model, 1)]))["letters"]
    )
    assert len(model.nats(both).nats) == 3
    assert model.losses(Lessons.of([short]))["letters"] == 0


def test_levels_that_last_longer_stand_in_each_frame():
    made = recogniser(COARSE).lesson({"acoustic": tokens(0, 5, COARSE)}, text=Text("a"))
    coarse, fine = tokens(0, 5, COARSE).stacks
    assert made.ids[:5, 0].tolist() == np.repeat(coarse[0], 2)[:5].tolist()
    assert made.ids[:5, 1].tolist() == fine[0].tolist()


def test_equal_neighbours_may_be_one_frame():
    part = Part("acoustic", CODEC.to_dict(), 2, dedup=True)
    model = Recogniser(replace(config(), part=part))
    given = AudioTokens(CODEC, [[[1, 1, 1, 2]], [[3, 3, 4, 4]]])
    made = model.lesson({"acoustic": given}, text=Text("a"))
    assert made.ids[:, :2].tolist() == [[1, 3], [1, 4], [2, 4]]


def test_it_learns_four_texts(tmp_path):
    torch.manual_seed(0)
    model = Recogniser(config())
    lessons = Lessons.of([lesson(model, k) for k in range(4)])
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(75):
        optimizer.zero_grad()
        model.losses(lessons)["letters"].backward()
        optimizer.step()
    assert model.eval().hear(lessons) == list(TEXTS)
    save_language(model, tmp_path / "model", "toy")
    loaded = vocable.load(tmp_path / "model")
    assert isinstance(loaded, RecogniserGenerator) and loaded.abilities.text == "heard"
    for beam in (1, 4):
        assert [loaded.transcribe(tokens(k), beam=beam) for k in range(4)] == list(TEXTS)


def test_what_does_not_fit_is_refused_in_one_line():
    model = recogniser()
    made = RecogniserGenerator(model, name="toy@1")
    for given, error, message in (
        (tokens(0, spec=COARSE), TokenError, "is of coarse@1:0a, the model reads toy@1:0a"),
        (tokens(0, 0), TokenError, "nothing to hear"),
        (tokens(0, 41), ModelError, "sees 40 frames, but the recording has 41"),
        (tokens(0).first(1), TokenError, "has 1 levels, the model reads 2"),
    ):
        with pytest.raises(error, match=message):
            made.transcribe(given)
    with pytest.raises(ModelError, match="beam is 1 or more"):
        made.transcribe(tokens(0), beam=0)
    for more, message in (
        ({"text": Text("a"), "begins": False}, "whole recordings"),
        ({}, "give the recordings theirs"),
        ({"text": Text("x")}, "'x', which the model's letters lack"),
    ):
        with pytest.raises(TokenError, match=message):
            model.lesson({"acoustic": tokens(0)}, **more)
    with pytest.raises(TokenError, match='a track "acoustic"; there are none'):
        model.lesson({}, text=Text("a"))
    with pytest.raises(ModelError, match="sees both sides"):
        RecogniserConfig(replace(TRUNK, causal=True), model.config.part)
    with pytest.raises(ModelError, match="from 0 on"):
        replace(model.config, part=replace(model.config.part, first=1))
