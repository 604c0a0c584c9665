"""Cycles and sound come as they are drawn, legal at every slot; streams end with a reason."""

import re
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

import vocable
from vocable.errors import ModelError, TokenError
from vocable.language.flat import Flat, FlatGenerator, Utterance, flat_loss
from vocable.language.sampling import GREEDY, Sampling
from vocable.language.utterances import Limits
from vocable.tokens import AudioTokens

TEXT = [Utterance("good morning", "tara")]
END = 128_258


@pytest.fixture
def toy(speaker):
    """A model with weights of its own, that tests may change."""
    generator = FlatGenerator(Flat(speaker.config).eval(), text=speaker.text)
    generator.attach(speaker.codec)
    return generator


def always(generator, wanted):
    """Make a model prefer ids, of which some may be legal: those of a function of its chances."""

    def predict(hidden, draw, scratch):
        logits = torch.full((len(hidden), generator.config.rows), -9.0)
        wanted(logits)
        return draw(0, logits)[:, None]

    generator.network.predict = predict
    return generator


def prefer(*ids):
    def wanted(logits):
        logits[:, list(ids)] = 9.0

    return wanted


SEVENS = [128_266 + 4096 * slot + 7 for slot in range(7)]


def test_cycles_are_of_a_seed(speaker):
    once, again, other = (
        np.stack(list(speaker.generate(TEXT, seed=seed, most=5))) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(once, again)
    assert once.shape == (5, 7) and not np.array_equal(once, other)


def test_every_id_is_legal_whatever_the_model_likes(toy):
    """A model that would say text, marks, rows that stand for nothing, and codes of other slots."""

    def wanted(logits):
        logits[:] = 0.0
        logits[:, :128_266] = 50.0
        logits[:, END] = -50.0
        logits[:, 156_938:] = 90.0
        logits[:, SEVENS[3] : SEVENS[3] + 100] = 40.0

    codes = np.stack(list(always(toy, wanted).generate(TEXT, most=6)))
    assert codes.shape == (6, 7) and codes.min() >= 0 and codes.max() < 4096


def test_the_end_comes_where_a_cycle_would_begin(toy):
    """In the middle of one it is not legal, however likely."""
    session = always(toy, prefer(END, *SEVENS[1:])).generate(TEXT, sampling=GREEDY)
    assert (list(session), session.reason) == ([], "end")
    counted = 0

    def later(logits):
        nonlocal counted
        logits[:, END if counted > 8 else SEVENS[counted % 7]] = 9.0
        counted += 1

    session = always(toy, later).generate(TEXT, sampling=GREEDY)
    assert len(list(session)) == 2 and session.reason == "end"


def test_code_0_is_a_code(toy):
    """Their decoder drops it, and all behind it shifts (trap of the published package)."""
    zeros = [128_266 + 4096 * slot for slot in range(7)]
    (codes,) = always(toy, prefer(*zeros)).generate(TEXT, sampling=GREEDY, most=1)
    assert codes.tolist() == [0] * 7


def test_sound_comes_by_whole_cycles_and_is_that_of_the_tokens(speaker):
    frames = list(speaker.generate(TEXT, seed=3, most=7))
    tokens = speaker.tokens(frames)
    assert isinstance(tokens, AudioTokens) and tokens.frames == 28
    assert [stack.shape[1] for stack in tokens.stacks] == [7, 14, 28]
    blocks = list(speaker.speak(TEXT, seed=3, most=7))
    found = np.concatenate(blocks, 1)
    assert len(blocks) > 3 and found.shape == (1, 7 * 2048)
    np.testing.assert_allclose(found, speaker.codec.decode(tokens).samples, atol=1e-5)


def test_speech_goes_on_from_codes_that_it_begins_with(speaker):
    whole = np.stack(list(speaker.generate(TEXT, sampling=GREEDY, most=8)))
    begun = [replace(TEXT[0], audio=whole[:3])]
    rest = np.stack(list(speaker.generate(begun, sampling=GREEDY, most=5)))
    np.testing.assert_array_equal(rest, whole[3:])


def test_one_cycle_over_and_over_ends_with_a_reason(toy):
    session = always(toy, prefer(*SEVENS)).generate(TEXT, sampling=GREEDY)
    assert (len(list(session)), session.reason) == (11, "repeats")


def test_a_stop_that_never_comes(toy, monkeypatch):
    """What the text may take, what was asked for, what the context has: each has its word."""

    def restless(logits):
        logits[:] = 0.0
        logits[:, END] = -99.0

    always(toy, restless)
    session = toy.generate(TEXT, most=9)
    assert (len(list(session)), session.reason) == (9, "length")
    prompt = len(toy.prompt(TEXT))
    assert prompt == 2 + 18 + 4 and (256 - prompt) // 7 < toy.limits.of(18) == 24 + 18 * 10
    session = toy.generate(TEXT)
    assert (len(list(session)), session.reason) == ((256 - prompt + 1) // 7, "context")
    monkeypatch.setattr(FlatGenerator, "limits", Limits(most=100, spare=2, per_id=1))
    session = toy.generate([Utterance("abcd")])
    assert (len(list(session)), session.reason) == (2 + 4, "overlong")


def test_streams_do_not_notice_their_neighbours(speaker):
    asked = [
        (TEXT, {"seed": 1, "most": 4}),
        ([Utterance("a", audio=np.ones((3, 7), int)), Utterance("so")], {"seed": 2, "most": 2}),
        ([Utterance("now", "leo")], {"sampling": GREEDY, "most": 5}),
        (TEXT, {"sampling": Sampling(1.3), "seed": 4, "most": 3}),
    ]
    engine, sessions = speaker.start_engine(4), []
    for utterances, options in asked:
        sessions.append(speaker.generate(utterances, engine=engine, **options))
        engine.step()
    together = [np.stack(list(session)) for session in sessions]
    for found, (utterances, options) in zip(together, asked, strict=True):
        alone = np.stack(list(speaker.generate(utterances, **options)))
        np.testing.assert_array_equal(found, alone)
    assert engine.running == 0


def test_who_stops_listening_frees_the_place(speaker):
    engine = speaker.start_engine(1)
    blocks = speaker.speak(TEXT, most=20, engine=engine)
    assert len(list(islice(blocks, 2))) == 2 and engine.running == 1
    blocks.leave()
    assert engine.running == 0 and blocks.reason == "left"


@pytest.mark.parametrize("weights", [torch.float16, torch.int8], ids=str)
def test_packed_weights_speak_too(pair, weights):
    """The head among them, be it the table or not."""
    try:
        model = vocable.load(pair.folder, weights=weights)
    except ModelError as error:
        pytest.skip(str(error))
    assert (model.dtype, model.weights) == (torch.float32, weights)
    assert np.stack(list(model.generate(TEXT, most=2))).shape == (2, 7)
    hidden = torch.randn(3, 16)
    with torch.no_grad():
        near, wanted = model.network.logits(hidden), pair.ours.network.logits(hidden)
    torch.testing.assert_close(near, wanted, atol=0.1, rtol=0.1)


def test_text_that_names_marks_is_text(speaker):
    """Who writes a special token's name cannot end a prompt."""
    assert len(speaker.prompt([Utterance("<a>")])) == 2 + 3 + 4


def test_codecs_and_tokens_of_another_kind_are_refused(speaker, codec):
    from tests.language.flat.references import make_codec

    wanted = "but orpheus-2x16 models 3 levels of 4096 lasting 4, 2, 1 frames, 46.875 frames/s of "
    others = [
        vocable.load("speech-16k"),
        make_codec(sizes=(1024,) * 3),
        make_codec(level_strides=(4, 2, 2)),
        make_codec(rate=32_000),
    ]
    for other in others:
        with pytest.raises(ModelError, match=wanted) as caught:
            speaker.attach(other)
        assert str(caught.value).endswith("take snac_24khz")
    heard = others[0].encode(np.zeros(16_000, np.float32), rate=16_000)
    with pytest.raises(TokenError, match=r"^speech-16k has .*; take snac_24khz$"):
        speaker.generate([Utterance("a", audio=heard), *TEXT])
    mine = speaker.tokens(speaker.generate(TEXT, most=2))
    alien = AudioTokens(replace(mine.spec, space="snac@1:feed"), mine.stacks)
    message = f"tokens are of snac@1:feed but the model's codec is {re.escape(codec.spec.space)}"
    with pytest.raises(TokenError, match=message):
        speaker.generate([Utterance("a", audio=alien), *TEXT])


def test_without_a_codec_there_is_no_sound(speaker):
    model = FlatGenerator(speaker.network, text=speaker.text)
    assert len(list(model.generate(TEXT, most=2))) == 2
    with pytest.raises(ModelError, match="orpheus-2x16 has no codec, so it gives tokens and no so"):
        model.speak(TEXT)


def test_without_a_tokenizer_text_comes_as_ids(speaker):
    model = FlatGenerator(speaker.network)
    with pytest.raises(TokenError, match="^the model has no tokenizer; put tokenizer.json beside"):
        model.generate(TEXT)
    assert len(list(model.generate([Utterance([3, 4])], most=2))) == 2


def test_more_than_the_context_has_is_refused(speaker):
    codes = np.ones((40, 7), int)
    with pytest.raises(
        ModelError, match=r"^the prompt takes 313 positions, but the context has 256; give fewer"
    ):
        speaker.generate([Utterance("a", audio=codes), *TEXT])
    with pytest.raises(
        ModelError, match="^the prompt takes 24 positions, and 238 are to come, but the context ha"
    ):
        speaker.generate(TEXT, most=34)
    assert speaker.generate(TEXT, most=33) is not None
    with pytest.raises(ModelError, match="but the context has 50"):
        speaker.generate(TEXT, most=5, engine=speaker.start_engine(1, context=50))
    for most in (0, 2.5, True):
        with pytest.raises(ModelError, match=f"most is a whole number of .*; it is {most}$"):
            speaker.generate(TEXT, most=most)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ([], "the prompt is empty; give at least the utterance"),
        ("what is said", "a prompt is a list of utterances"),
        (TEXT[0], "a prompt is a list of utterances"),
        ([*TEXT, *TEXT], "utterance 0 has no sound; only the last"),
        ([Utterance("")], "an utterance's text is empty"),
    ],
)
def test_what_makes_no_prompt_is_refused(speaker, asked, message):
    with pytest.raises(TokenError, match=message):
        speaker.generate(asked)


def test_the_loss_counts_what_the_mask_says(speaker):
    ids = torch.full((1, 6), 128_266)
    every = torch.ones(1, 6, dtype=torch.bool)
    later = every.clone()
    later[0, 0] = False
    for message, mask, given in (
        ("^the mask counts no id, and the mean over none", ~every, ids),
        ("^the mask counts position 0, which nothing", every, ids),
        ("^the mask counts an id that is not one of 0 to 156939$", later, ids - 200_000),
    ):
        with pytest.raises(TokenError, match=message):
            flat_loss(speaker.network, given, mask)
