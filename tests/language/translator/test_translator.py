"""A translator: its laws, its losses, what it learns, and what a user gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import vocable
from tests.language.pairs import HEADS, OTHER, UNITS, config, pair, translator, units
from vocable.errors import ModelError, TokenError
from vocable.language.config import TransformerConfig
from vocable.language.encoder_decoder import Written
from vocable.language.lessons import Lessons, Text
from vocable.language.translator import CtcHead, Translator, TranslatorConfig, TranslatorGenerator
from vocable.load.own_language import save_language
from vocable.tokens import AudioTokens

TEXT = Text("ab ba", "en", "cab")


def reduced(tokens: AudioTokens) -> list[int]:
    codes = tokens.codes[0, 0]
    return codes[np.append(True, codes[1:] != codes[:-1])].tolist()


def test_a_lesson_is_what_both_sides_are_and_say():
    given = pair(0)
    lesson = translator().lesson(given, text=TEXT)
    target, source, source_text, target_text = (row[row >= 0].tolist() for row in lesson.ids.T)
    assert target == [8, *reduced(given["target"]), 7] and source == reduced(given["source"])
    assert source_text == [4, 2, 3] and target_text == [2, 3, 1, 3, 2]
    asked = lesson.levels >= 0
    assert asked.sum() == len(target) - 1 and not asked[:, 1:].any() and not asked[0].any()
    assert lesson.levels[len(target) - 1, 0] == 1  # the end
    bare = translator().lesson(given)
    assert (bare.ids[:, 2:] == -1).all() and bare.ids.shape[1] == 4


def test_neither_padding_nor_neighbours_matter():
    model = translator()
    lessons = [model.lesson(pair(k, 4 + 5 * k, 14 - 4 * k), text=TEXT) for k in range(3)]
    told = model.nats(Lessons.of(lessons))
    alone = [model.nats(Lessons.of([each])) for each in lessons]
    torch.testing.assert_close(told.nats, torch.cat([each.nats for each in alone]))
    assert torch.equal(told.levels, torch.cat([each.levels for each in alone]))


def test_states_of_padding_may_be_nan():
    model, given = translator(), torch.randint(0, 7, (2, 5))
    states, lengths = torch.randn(2, 6, 24), [6, 3]
    states[1, 3:] = torch.nan
    both = model.decode(given, [5, 5], states, lengths)[-1]
    for item, length in enumerate(lengths):
        alone = model.decode(
            given[item : item + 1], [5], states[item : item + 1, :length], [length]
        )
        torch.testing.assert_close(both[item : item + 1], alone[-1], rtol=0, atol=1e-5)


def test_steps_equal_the_whole_whatever_goes_on():
    """Three sequences that change places have the log-probabilities of each run whole."""
    model, states = translator(), torch.randn(5, 24)
    scorer = Written(model, states, [8], beam=3, most=6)
    with torch.inference_mode():
        found, sequences = scorer.begin(), [[8]]
        for before, ids in (([0, 0, 0], [1, 2, 3]), ([2, 0, 0], [4, 5, 6]), ([1, 2], [0, 6])):
            found = scorer.follow(before, ids)
            sequences = [[*sequences[k], id] for k, id in zip(before, ids, strict=True)]
            ids_of = torch.tensor(sequences)
            seen = states.expand(len(ids_of), -1, -1)
            lengths = [ids_of.shape[1]] * len(ids_of)
            whole = model.logits(model.decode(ids_of, lengths, seen, [5] * len(ids_of))[-1][:, -1])
            torch.testing.assert_close(found, whole.log_softmax(-1), rtol=0, atol=1e-5)


def test_losses_are_torchs_own_and_heads_can_be_left_out():
    model, bare = translator(), translator(heads=())
    lessons = Lessons.of([model.lesson(pair(k), text=TEXT) for k in range(2)])
    found = model.losses(lessons)
    assert set(found) == {"units", *(head.name for head in HEADS)}
    assert dict(model.weights) == {head.name: head.weight for head in HEADS}
    assert set(bare.losses(lessons)) == {"units"} and not bare.weights
    ids = lessons.ids
    source, target = ((ids[..., row] >= 0).sum(1) for row in (1, 0))
    states = model.encode(ids[:, : max(source), 1, None], source.tolist())
    hidden = model.decode(ids[:, :-1, 0], (target - 1).tolist(), states[-1], source.tolist())
    nats = F.cross_entropy(
        model.logits(hidden[-1]).flatten(0, 1),
        ids[:, 1:, 0].where(lessons.levels[:, 1:, 0] >= 0, -100).flatten(), label_smoothing=0.1,
    )  # fmt: skip
    torch.testing.assert_close(found["units"], nats)
    norm, out = model.heads[0]
    scores = out.forward(norm.forward(states[0])).log_softmax(-1).transpose(0, 1)
    texts = torch.tensor([[4, 2, 3]] * 2)
    ctc = F.ctc_loss(scores, texts, source, torch.tensor([3, 3]), reduction="sum") / 6
    torch.testing.assert_close(found["source_letters_encoder1"], ctc)
    without = model.losses(Lessons.of([model.lesson(pair(0))]))
    assert set(without) == {"units"}


@pytest.fixture(scope="module")
def learnt() -> Translator:
    """A translator that knows four pairs by heart."""
    torch.manual_seed(0)
    model = Translator(config(smoothing=0.0))
    lessons = Lessons.of([model.lesson(pair(k), text=TEXT) for k in range(4)])
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(75):
        optimizer.zero_grad()
        losses = model.losses(lessons)
        sum(model.weights.get(name, 1) * loss for name, loss in losses.items()).backward()
        optimizer.step()
    return model.eval()


def test_it_learns_four_pairs(learnt, tmp_path):
    made = TranslatorGenerator(learnt, name="toy@1")
    for k in range(4):
        for beam in (1, 4):
            found = made.translate(pair(k)["source"], beam=beam)
            assert found.tokens.codes[0, 0].tolist() == reduced(pair(k)["target"])
            assert found.reason == "end" and found.nats < 0.1 and found.tokens.spec == OTHER
    save_language(learnt, tmp_path / "model", "toy")
    loaded = vocable.load(tmp_path / "model")
    assert isinstance(loaded, TranslatorGenerator) and loaded.network.config == learnt.config
    assert loaded.translate(pair(1)["source"]).tokens == made.translate(pair(1)["source"]).tokens
    assert not loaded.abilities.continues


def test_a_beam_of_one_is_greedy():
    model = translator()
    made = TranslatorGenerator(model, name="toy@1")
    for k in range(3):
        source = torch.tensor([reduced(pair(k)["source"])])
        with torch.inference_mode():
            states = model.encode(source[..., None], [source.shape[1]])[-1]
            ids = [8]
            while len(ids) < 9:
                given = torch.tensor([ids])
                y = model.decode(given, [len(ids)], states, [source.shape[1]])[-1]
                best = int(model.logits(y[0, -1]).argmax())
                if best == 7:
                    break
                ids.append(best)
        found = made.translate(pair(k)["source"], beam=1, most=8)
        assert found.tokens.codes[0, 0].tolist() == ids[1:]
        assert found.reason == ("length" if len(ids) == 9 else "end")


def test_what_does_not_fit_is_refused_in_one_line():
    made = TranslatorGenerator(translator(), name="toy@1")
    for source, error, message in (
        (units(OTHER, 5), TokenError, "is of others@1:0b, the model reads units@1:0a"),
        (units(UNITS, 0), TokenError, "no units to translate"),
        (AudioTokens(UNITS, [np.arange(200)[None] % 9]), ModelError, "sees 48 units"),
        (AudioTokens(UNITS, [np.zeros((2, 4), int)]), TokenError, "has 2 streams"),
    ):
        with pytest.raises(error, match=message):
            made.translate(source)
    for more in ({"most": 48}, {"most": 0}):
        with pytest.raises(ModelError, match="writes 1 to 47 units"):
            made.translate(units(UNITS, 5), **more)
    with pytest.raises(ModelError, match="are 1 or more"):
        made.translate(units(UNITS, 5), beam=0)
    model = translator()
    with pytest.raises(TokenError, match="reads whole pairs"):
        model.lesson(pair(0), ends=False)
    with pytest.raises(TokenError, match='a track "target"; there are source'):
        model.lesson({"source": units(UNITS, 5)})
    with pytest.raises(TokenError, match='"target" is empty'):
        model.lesson(pair(0, target=0))
    with pytest.raises(TokenError, match="'x', which the model's letters lack"):
        model.lesson(pair(0), text=Text("x"))


def test_configs_that_cannot_be_are_refused():
    good = config()
    wide = TransformerConfig(width=16, layers=2, heads=2, hidden=32, context=48, cross=8)
    both = replace(good.source, spec=UNITS.to_dict(), track="a")
    for change, message in (
        ({"encoder": replace(good.encoder, causal=True)}, "sees both sides"),
        ({"decoder": wide}, "sees 8 channels where the encoder has 24"),
        ({"heads": (CtcHead("decoder", 3, "target"),)}, "layer 3 of the decoder, which has 2"),
        ({"heads": (HEADS[0], HEADS[0])}, "two heads tell the same"),
        ({"letters": ""}, "each letter once"),
        ({"smoothing": 1.0}, "below 1"),
    ):
        with pytest.raises(ModelError, match=message):
            Translator(replace(good, **change))
    assert isinstance(replace(good, source=both), TranslatorConfig)
    with pytest.raises(ModelError, match="weight is 0 or more"):
        CtcHead("encoder", 1, "source", -1.0)
