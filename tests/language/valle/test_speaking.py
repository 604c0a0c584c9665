"""A text is said: what comes of it, when it ends and why, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import vocable
from tests.language.valle.toys import (
    SAID,
    SPEC,
    TEXT,
    first,
    first_generator,
    second,
    second_generator,
    tokens,
)
from vocable.errors import ModelError, TokenError
from vocable.language.lessons import Text
from vocable.language.sampling import GREEDY, Sampling
from vocable.language.valle import Valle
from vocable.load.own_language import save_language
from vocable.nn.narrow import works
from vocable.tokens import AudioTokens, TokenSpec


@pytest.fixture
def model() -> Valle:
    return Valle(first_generator(), second_generator())


def end_at(network, logit):
    """Let the end be as likely as that, whatever is before it."""
    original = network.logits

    def logits(hidden):
        found = original(hidden)
        found[0][:, -1] = logit
        return found

    network.logits = logits


def test_all_levels_come_and_again_the_same(model):
    said = model.speak("no", tokens(6), "yes", seed=3)
    assert said.tokens.spec == SPEC and said.tokens.levels == 3 and said.tokens.frames > 0
    again = model.speak(TEXT, tokens(6), SAID, seed=3)
    assert again.tokens == said.tokens and again.reason == said.reason
    assert model.speak("no", tokens(6), "yes", seed=4).tokens != said.tokens


def test_levels_are_the_likeliest_that_the_second_model_tells(model):
    said = model.speak("no", tokens(6), "yes", seed=3).tokens
    both = tokens(6) + said
    network = second()
    whole = network.lesson({"acoustic": both}, text=Text("yes no"))
    ids = torch.from_numpy(whole.ids)[None]
    asked = (ids[..., 3] >= 6) & (ids[..., 4] >= 0)
    for level in (1, 2):
        likeliest = network.logits(ids, [6], level, asked).argmax(-1)
        assert likeliest.tolist() == said.stacks[level][0].tolist()


def test_why_it_ends(model):
    network = model.first.network
    end_at(network, -torch.inf)
    said = model.speak("no", tokens(6), "yes")
    assert said.reason == "overlong" and said.tokens.frames == 16  # 16/75 s for each of 3
    short = Valle(first_generator(), second_generator(context=22))
    end_at(short.first.network, -torch.inf)
    said = short.speak("no", tokens(6), "yes")
    assert said.reason == "context" and said.tokens.frames == 22 - 9 - 6
    short = Valle(first_generator(context=20), second_generator())
    end_at(short.first.network, -torch.inf)
    assert short.speak("no", tokens(6), "yes").reason == "context"
    end_at(network, torch.tensor(100.0))
    said = model.speak("no", tokens(6), "yes")
    assert said.reason == "end" and (said.tokens.frames, said.tokens.levels) == (0, 3)


@pytest.mark.parametrize("groups", [1, 2])
def test_the_end_is_drawn_or_the_likeliest(groups):
    """Drawn from a distribution in which it is likely but never the likeliest, and the reverse."""
    made = first_generator(groups)
    end_at(made.network, 2.0)
    network, plain = made.network, Sampling()
    original = network.logits

    def certain(hidden):
        found = original(hidden)
        found[0][:, 0] = 2.1
        return found

    network.logits = certain
    drawn = [made.write(TEXT, tokens(6), SAID, sampling=plain, seed=seed) for seed in range(8)]
    assert any(len(made.codes(each)) < 16 and each.reason == "end" for each in drawn)
    likeliest = made.write(TEXT, tokens(6), SAID, sampling=plain, ends="likeliest")
    assert 8 not in made.codes(likeliest) and likeliest.reason == "overlong"
    end_at(network, 3.0)
    assert not len(made.codes(made.write(TEXT, tokens(6), SAID, ends="likeliest")))


def test_saved_and_loaded_they_say_the_same(model, tmp_path):
    for part, network in (("first", first()), ("second", second())):
        save_language(network.half().float(), tmp_path / part, part)
    loaded = [vocable.load(tmp_path / part) for part in ("first", "second")]
    wanted = Valle(first_generator(), second_generator())
    for generator, network in ((wanted.first, first()), (wanted.second, second())):
        generator.network = network.half().float()
    ours = Valle(*loaded).speak("no", tokens(6), "yes", seed=5)
    assert ours == wanted.speak("no", tokens(6), "yes", seed=5)
    able = loaded[0].abilities
    assert able.clones and not able.continues and able.text == "spoken" and able.levels == 1
    assert loaded[1].abilities.levels == 3 and loaded[0].codec is None
    with pytest.raises(ModelError, match="has no codec"):
        _ = Valle(*loaded).codec
    for kind in filter(works, (torch.float16, torch.int8)):
        packed = [vocable.load(tmp_path / part, weights=kind) for part in ("first", "second")]
        assert Valle(*packed).speak("no", tokens(6), "yes", sampling=GREEDY).tokens.levels == 3


BAD = {
    "a text without words": (("…", tokens(6), "yes"), "no words to say in '…'"),
    "an empty text": (("", tokens(6), "yes"), "no words to say in ''"),
    "a prompt without its text": (("no", tokens(6), " "), "the prompt comes without its text"),
    "another language": ((Text("oui", "fr"), tokens(6), "yes"), "in en and de, not in 'fr'"),
    "an empty prompt": (("no", tokens(0), "yes"), "the prompt has 0 frames"),
    "levels too few": (("no", tokens(6).first(2), "yes"), "have 2 levels, the model reads 3"),
    "too long a prompt": (("no", tokens(100), "yes"), "sees 96 positions, and texts and prompt"),
    "too long a text": (("no " * 60, tokens(6), "yes"), "leave no room; take a shorter text"),
}


@pytest.mark.parametrize(("asked", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line(model, asked, message):
    with pytest.raises((TokenError, ModelError)) as error:
        model.speak(*asked)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_tokens_of_another_space_and_models_that_do_not_belong_together(model):
    other = TokenSpec("other@1:0b", 16000, 640, 1, SPEC.levels, (1, 2, 3))
    with pytest.raises(TokenError, match="other@1:0b is not what"):
        model.speak("no", AudioTokens(other, tokens(6).stacks), "yes")
    two = AudioTokens(SPEC, [np.repeat(each, 2, 0) for each in tokens(6).stacks])
    with pytest.raises(TokenError, match="reads one stream, not 2"):
        model.speak("no", two, "yes")
    with pytest.raises(ModelError, match="is no ValleARGenerator"):
        Valle(model.second, model.first)
    with pytest.raises(ModelError, match='is "drawn" or "likeliest", not'):
        model.speak("no", tokens(6), "yes", ends="argmax")
