"""Pieces: what was drawn follows a whole forward, streams keep apart, bad input is refused."""

import re
from itertools import islice

import numpy as np
import pytest
import torch

from tests.language.musicgen.toys import CODES, codes, engine, made, states
from tests.language.toys import LLAMA
from vocable.errors import ModelError, TokenError
from vocable.language.cache import Cache
from vocable.language.engine import Engine
from vocable.language.musicgen import compose
from vocable.language.sampling import GREEDY, Sampling
from vocable.language.token_model import RowModel
from vocable.tokens import EMPTY

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
GUIDED = Sampling(temperature=0, guidance=2.0)


def ids_of(piece, model):
    """Return the ids `[steps, rows]` that the model is given for a whole piece, by the layout."""
    config = model.config
    rows = piece.swapaxes(0, 1).reshape(config.rows, -1)
    at = config.layout.positions(config.spec, rows.shape[1])
    grid = np.where(at.index == EMPTY, config.empty, rows[at.level, at.index])
    return torch.from_numpy(np.concatenate((np.full((1, len(grid)), config.empty), grid.T))), at


def drawn_by_whole(piece, model, text, sampling):
    """Return the likeliest codes of a whole forward over the piece, `[rows, frames]`."""
    ids, at = ids_of(piece, model)
    with torch.no_grad():
        given, lacking = (
            torch.stack(model(ids[None, :-1], None, text[None], [seen]), 1)[0]
            for seen in (len(text), 0)
        )
    likeliest = (lacking + sampling.guidance * (given - lacking)).argmax(-1).numpy()
    return np.stack([row[where != EMPTY] for row, where in zip(likeliest, at.index, strict=True)])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sampling", [GREEDY, GUIDED], ids=["plain", "guided"])
def test_greedy_frames_follow_a_whole_forward(channels, sampling):
    model, text = made(channels), states()
    piece = compose(engine(model), 15, text, sampling=sampling)
    frames = np.stack(list(piece), 2)
    assert frames.shape == (channels, 4, 15) and piece.reason == "length"
    np.testing.assert_array_equal(piece.codes(), frames)
    wanted = drawn_by_whole(frames, model, text, sampling)
    np.testing.assert_array_equal(frames.swapaxes(0, 1).reshape(4 * channels, 15), wanted)
    assert len(np.unique(frames)) > 4, "the toy repeats itself"


@torch.no_grad()
def test_a_batch_equals_singles_and_steps_equal_the_whole():
    """With padding of any value, behind the ids and behind the text."""
    model, lengths, seen = made(), [9, 16, 1], [5, 2, 0]
    ids, text = torch.randint(0, CODES + 1, (3, 16, 4)), torch.stack([states()] * 3)
    for item, count in enumerate(seen):
        text[item, count:] = torch.nan
    whole = torch.stack(model(ids, lengths, text, seen), 2)
    for item, (length, count) in enumerate(zip(lengths, seen, strict=True)):
        one = text[item : item + 1, :count] if count else None
        alone = torch.stack(model(ids[item : item + 1, :length], None, one), 2)[0]
        torch.testing.assert_close(whole[item, :length], alone, **CLOSE)
        cache = Cache(model.trunk.config, 1, cross_states=5)
        model.trunk.look(model.look(text[item, :count]), cache, 0)
        x = model.embed(ids[item : item + 1, :length])
        cuts = [cut for cut in (1, 5, 6) if cut < length]
        parts = x.tensor_split(cuts, 1)
        hidden = torch.cat([model.trunk.step(part, cache) for part in parts], 1)
        stepped = torch.stack([head(hidden) for head in model.heads], 2)[0]
        torch.testing.assert_close(stepped, alone, **CLOSE)


def test_a_piece_does_not_depend_on_its_neighbours():
    """Guided or not, anew or from a beginning on, whenever it joins."""
    model = made()
    asked = [
        dict(frames=12, text=states(5, seed=1), seed=1),
        dict(frames=9, text=None, seed=2),
        dict(frames=14, text=states(3, seed=3), seed=3, begin=codes(4)),
        dict(frames=10, text=states(8, seed=4), seed=4, sampling=Sampling(0.9, top_k=5)),
    ]
    alone = [np.stack(list(compose(engine(model), **each))) for each in asked]
    shared = engine(model, 7)
    pieces = [compose(shared, **each) for each in asked[:2]]
    heads = [list(islice(piece, 3)) for piece in pieces]
    pieces += [compose(shared, **each) for each in asked[2:]]
    found = [np.stack(head + list(piece)) for head, piece in zip(heads, pieces[:2], strict=True)]
    found += [np.stack(list(piece)) for piece in pieces[2:]]
    for one, other in zip(found, alone, strict=True):
        np.testing.assert_array_equal(one, other)
    assert shared.free == 7


def test_a_piece_can_be_left():
    shared = engine(made(), 2)
    piece = compose(shared, 20, states())
    first = next(piece)
    piece.leave()
    assert (piece.reason, shared.free) == ("left", 2)
    np.testing.assert_array_equal(piece.codes()[..., 0], first)


def test_what_a_piece_begins_with_is_kept():
    model, begin = made(2), codes(6, 2)
    piece = compose(engine(model), 10, begin=begin)
    new = np.stack(list(piece), 2)
    np.testing.assert_array_equal(piece.codes(), np.concatenate((begin, new), 2))


def test_bad_input_is_refused():
    model = made()
    bad = {
        "a piece of 4 frames that begins with 4 leaves none": dict(frames=4, begin=codes(4)),
        "a piece of 0 frames": dict(frames=0),
        "2 streams of 4 levels but the model has 1 of 4": dict(frames=9, begin=codes(4, 2)),
        "1 streams of 3 levels but the model": dict(frames=9, begin=codes(4)[:, :3]),
        f"code {CODES} of level 1, frame 2 is out of range; a level has codes 0 to {CODES - 1}": (
            dict(frames=9, begin=np.where(np.arange(12).reshape(1, 4, 3) == 5, CODES, 0))
        ),
        "the piece takes 65 positions, more than the context of 64": dict(frames=62),
        "text states of 20 channels but these have 19": dict(frames=9, text=states(4, 19)),
        "9 encoder states are more than the cache's 8": dict(frames=9, text=states(9)),
    }
    shared = engine(model)
    for message, options in bad.items():
        with pytest.raises((ModelError, TokenError), match=re.escape(message)) as caught:
            compose(shared, **options)
        assert "\n" not in str(caught.value)
    assert shared.free == 4
    piece = compose(engine(model, 1, cross_states=0), 61)  # as many as fit
    assert len(list(piece)) == 61
    with pytest.raises(ModelError, match="2 streams want to join but 1 of 1 places are free"):
        compose(engine(model, 1), 9, states())
    other = RowModel(LLAMA, (7,), (7,)).eval()
    with pytest.raises(ModelError, match="compose needs a MusicGen but the engine has RowModel"):
        compose(Engine(other, 1), 9)


def test_text_that_is_not_a_number_ends_one_piece_alone():
    model, shared = made(), engine(made(), 3)
    text = states()
    text[1, 3] = torch.nan
    good, bad = compose(shared, 9, seed=5), compose(shared, 9, text)
    with pytest.raises(ModelError, match="logits of step 0 are not numbers"):
        next(bad)
    alone = compose(engine(model), 9, seed=5)
    np.testing.assert_array_equal(np.stack(list(good)), np.stack(list(alone)))
    late = compose(shared, 9, states(seed=6), seed=6)  # in the places that are free again
    alone = compose(engine(model), 9, states(seed=6), seed=6)
    np.testing.assert_array_equal(np.stack(list(late)), np.stack(list(alone)))
