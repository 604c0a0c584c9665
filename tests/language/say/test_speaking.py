"""What is said in steps is said whole, in a batch as alone, and the same again by its seed."""

import pytest
import torch

from tests.language.say.toy import CONFIG, codes, symbols, toy
from vocable.errors import ModelError
from vocable.language.say import Manner, Steps, plan, say


def voice(model, batch=1):
    return model.voices(codes(1, 4), torch.tensor([4])).expand(batch, -1)


def spoken(model, items, seeds, manner=Manner()):  # noqa: B008
    planned = plan(model, items, voice(model, len(items)), manner)
    frames = torch.stack(list(say(Steps(model), planned, seeds, manner)), 1)
    return [own[:count] for own, count in zip(frames, planned.frame_counts, strict=True)]


def test_a_batch_says_what_its_items_say_alone():
    model, items = toy(), [symbols(9, 1), symbols(4, 2), symbols(6, 3)]
    together = spoken(model, items, [5, 6, 7])
    for own, item, seed in zip(together, items, [5, 6, 7], strict=True):
        (alone,) = spoken(model, [item], [seed])
        assert torch.equal(own, alone) and len(own) > 3


def test_a_seed_says_the_same_again_and_another_does_not():
    model, items = toy(), [symbols(12)]
    first, again, other = (spoken(model, items, [seed])[0] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_what_was_said_is_heard_whole_as_it_was_in_steps():
    """The contexts of the frames, computed at once from the codes, give the same codes."""
    model, manner = toy(), Manner(temperature=(0.0,))
    planned = plan(model, [symbols(12)], voice(model), manner)
    spoken_codes = torch.stack(list(say(Steps(model), planned, [0], manner)), 1)
    known = model.books.known(spoken_codes)
    before = torch.nn.functional.pad(known[-1], (0, 0, 1, 0))[:, :-1]
    contexts = model.heads.contexts(model.contexts(planned.rows, before)[0])
    for level in range(len(CONFIG.sizes)):
        logits = model.heads.logits(level, contexts[level], known[level][0])
        assert torch.equal(logits.argmax(-1), spoken_codes[0, :, level])


def test_weights_in_fp16_say_what_they_say_in_fp32():
    model = toy().half().float()  # as stored
    planned = plan(model, [symbols(12)], voice(model))
    plain, packed = (
        torch.stack(list(say(Steps(model, packed=each), planned, [0]))) for each in (False, True)
    )
    assert (plain == packed).float().mean() > 0.98


def test_fewer_levels_are_the_first_ones():
    model = toy()
    few = spoken(model, [symbols(9)], [3], Manner(levels=3))[0]
    assert few.shape[1] == 3
    assert torch.equal(few[0], spoken(model, [symbols(9)], [3])[0][0, :3])


def test_the_likeliest_entry_alone_is_what_no_temperature_gives():
    model, items = toy(), [symbols(9)]
    one = spoken(model, items, [3], Manner(likeliest=1))[0]
    assert torch.equal(one, spoken(model, items, [4], Manner(temperature=(0.0,)))[0])


def test_pace_shortens():
    model = toy()
    slow, fast = (len(spoken(model, [symbols(20)], [0], Manner(pace=p))[0]) for p in (0.5, 2.0))
    assert slow > 3 * fast


@pytest.mark.parametrize(
    "settings", [{"temperature": (-1.0,)}, {"temperature": ()}, {"pace": 0}, {"likeliest": 0}]
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ModelError, match="temperatures of 0 or more, a pace above 0"):
        Manner(**settings)
