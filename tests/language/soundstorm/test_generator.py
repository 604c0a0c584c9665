"""What is made: the schedule, seeds, batches, what is kept, what is refused."""

import numpy as np
import pytest
import torch

from tests.language.soundstorm.toys import SIZES, SPEC, generator, said, tokens
from vocable.errors import ModelError, TokenError
from vocable.language.soundstorm import MaskedSampling, Piece
from vocable.language.soundstorm.settings import left_masked

FRAMES = 12


def test_the_schedule_has_the_values_of_the_reference():
    wanted = [99, 98, 95, 92, 88, 83, 77, 70, 63, 55, 47, 38, 29, 19, 9, 0]
    assert left_masked(100, 16) == wanted
    assert left_masked(100, 1) == [0]
    assert left_masked(3, 6) == [2, 1, 1, 1, 1, 0]  # one at least is left for the last pass


@pytest.mark.parametrize("passes", [1, 4, 16, (3, 2, 4)])
def test_it_runs_as_many_passes_as_it_is_told(passes, monkeypatch):
    made, asked = generator(), []
    logits = made.network.logits

    def counting(ids, lengths, level, places):
        asked.append((level, int(places.sum())))
        return logits(ids, lengths, level, places)

    monkeypatch.setattr(made.network, "logits", counting)
    made.generate(Piece(said(FRAMES)), sampling=MaskedSampling(passes))
    each = passes if isinstance(passes, tuple) else (passes, 1, 1)
    masked = [(level, [FRAMES, *left_masked(FRAMES, n)[:-1]]) for level, n in enumerate(each)]
    assert asked == [(level, count) for level, counts in masked for count in counts]


def test_the_last_pass_is_greedy():
    """One pass of each level has no chance in it; of several the first has."""
    made, piece = generator(), Piece(said(FRAMES))
    once = MaskedSampling(1)
    seeds = [Piece(piece.semantic, seed=seed) for seed in range(3)]
    assert len({made.generate(each, sampling=once).codes.tobytes() for each in seeds}) == 1
    assert len({made.generate(each).codes.tobytes() for each in seeds}) == 3
    found = torch.from_numpy(made.generate(piece, sampling=once).codes[0].astype(np.int64))
    lesson = made.network.lesson({"acoustic": tokens(FRAMES), "semantic": piece.semantic})
    ids, every = torch.from_numpy(lesson.ids[None, 1:]), torch.ones(1, FRAMES, dtype=torch.bool)
    ids[..., :3] = torch.tensor(SIZES)
    for level in range(3):
        best = made.network.logits(ids, [FRAMES], level, every).argmax(-1)
        assert torch.equal(best, found[level])
        ids[0, :, level] = best


def test_codes_are_drawn_as_their_probabilities_say():
    """Of two places one is drawn first, by a coin where noise is all; the other is greedy then."""
    made = generator(semantic=False)
    masked = torch.tensor(SIZES).repeat(1, 2, 1)
    both = torch.ones(1, 2, dtype=torch.bool)
    first, second = made.network.logits(masked, [2], 0, both).softmax(-1).detach().numpy()
    after = masked.repeat(SIZES[0], 1, 1)  # each code at the second place
    after[:, 1, 0] = torch.arange(SIZES[0])
    every = both.repeat(SIZES[0], 1)
    best = made.network.logits(after, [2] * SIZES[0], 0, every)[::2].argmax(-1).numpy()
    wanted = first / 2 + np.bincount(best, second, minlength=SIZES[0]) / 2
    pieces = [Piece(seconds=0.08, seed=seed) for seed in range(2000)]
    sampling = MaskedSampling(2, choice=1e9)
    drawn = [each.codes[0, 0, 0] for each in made.generate_batch(pieces, sampling=sampling)]
    counts = np.bincount(drawn, minlength=SIZES[0]) / len(drawn)
    assert counts == pytest.approx(wanted, abs=0.04) and (wanted > 0.05).sum() > 2


def test_a_batch_equals_singles_and_seeds_repeat():
    made = generator()
    pieces = [
        Piece(said(FRAMES), seed=1),
        Piece(said(5, seed=2), begin=tokens(2), seed=2),
        Piece(said(9, seed=3), given=tokens(9), given_levels=1, seed=3),
    ]
    sampling = MaskedSampling(6)
    together = made.generate_batch(pieces, sampling=sampling)
    for piece, found in zip(pieces, together, strict=True):
        assert made.generate(piece, sampling=sampling) == found
    assert [each.frames for each in together] == [FRAMES, 5, 9]
    torch.rand(3)
    assert made.generate_batch(pieces[::-1], sampling=sampling) == together[::-1]
    assert made.generate_batch([]) == []


def test_what_is_known_stays():
    made, begin, given = generator(), tokens(4, seed=8), tokens(FRAMES, seed=9)
    found = made.generate(Piece(said(FRAMES), begin=begin, given=given, given_levels=2))
    assert found[:4] == begin
    assert np.array_equal(found.codes[0, :2, 4:], given.codes[0, :2, 4:])
    assert not np.array_equal(found.codes[0, 2, 4:], given.codes[0, 2, 4:])
    assert (found.codes[0].max(1) < SIZES).all()


def test_what_is_known_is_heard():
    made = generator()
    once, units = MaskedSampling(1), said(FRAMES)
    begins = [made.generate(Piece(units, begin=tokens(4, seed)), sampling=once) for seed in (1, 2)]
    assert begins[0][4:] != begins[1][4:]
    given = [
        made.generate(Piece(units, given=tokens(FRAMES, seed), given_levels=1), sampling=once)
        for seed in (1, 2)
    ]
    assert not np.array_equal(given[0].codes[0, 1:], given[1].codes[0, 1:])


def test_without_what_is_said_seconds_say_how_long():
    made = generator(semantic=False)
    assert made.generate(Piece(seconds=0.4)).frames == 10
    assert made.generate(Piece(begin=tokens(3), seconds=0.4)).frames == 13
    assert made.generate(Piece(given=tokens(7), given_levels=2)).frames == 7
    assert "continue" in made.abilities.rows[0][1]


class Loud:
    """A codec whose samples are the codes of level 0."""

    spec = SPEC

    def start_decoding(self, batch=1):
        return None

    def decode_step(self, codes, state):
        return codes[:, :1].float().repeat_interleave(640, 2), state

    def finish_decoding(self, state):
        return torch.zeros(1, 1, 0)


def test_it_is_heard_through_its_codec():
    made, piece = generator(), Piece(said(FRAMES), begin=tokens(4))
    with pytest.raises(ModelError, match="toy-storm@1 has no codec, so it gives tokens"):
        made.play(piece)
    made.attach(Loud())
    sound = made.play(piece)
    heard = np.concatenate(list(sound), 1)
    assert np.array_equal(heard[0, ::640], made.generate(piece).codes[0, 0, 4:])
    assert sound.reason == "length"


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (Piece(seconds=1), "reads what is said, tokens of toy-units@1:0b; give semantic"),
        (Piece(said(2), begin=tokens(2)), "2 frames are asked for, of which 2 are there"),
        (Piece(said(70)), "70 frames are asked for, of which 0 are there; .* up to 64 together"),
        (Piece(said(2), seconds=1), "semantic lasts 2 frames, of 25 that are asked for"),
        (Piece(said(2), given_levels=1), "1 levels are to be given but no tokens are"),
        (Piece(said(4), given=tokens(4), given_levels=3), "given_levels is 3; wanted 1 to 2"),
        (Piece(said(4), given=tokens(4)), "given_levels is 0; wanted 1 to 2"),
        (
            Piece(said(4), given=tokens(3), given_levels=1, seconds=0.16),
            "given has 3 frames, of 4 that are asked for",
        ),
        (Piece(said(4), begin=said(1)), "acoustic is of toy-units@1:0b"),
        (Piece(tokens(4)), "semantic is of toy@1:0a, the model reads toy-units@1:0b"),
        (Piece(said(4), begin=tokens(2).first(1)), "acoustic has 1 levels, the model models 3"),
        (Piece(said(4), seed="a"), "seed must be a whole number"),
    ],
)
def test_pieces_that_cannot_be_made_are_refused(piece, words):
    with pytest.raises((ModelError, TokenError), match=words) as refused:
        generator().generate(piece)
    assert "\n" not in str(refused.value)


def test_what_else_is_refused():
    with pytest.raises(ModelError, match="the model reads no semantic tokens; leave semantic out"):
        generator(semantic=False).generate(Piece(said(4)))
    with pytest.raises(ModelError, match="seconds must be above 0, and finite, but are nan"):
        generator(semantic=False).generate(Piece(seconds=float("nan")))
    with pytest.raises(ModelError, match="nothing says how long the piece is; give seconds"):
        generator(semantic=False).generate(Piece())
    with pytest.raises(ModelError, match="1 levels are to be given but no tokens are"):
        generator(given=1).generate(Piece(said(4)))
    with pytest.raises(ModelError, match="makes all frames together; generate_batch takes several"):
        generator().start_engine(2)
    made = generator()
    made.network.heads[1].weight.data.fill_(torch.nan)
    with pytest.raises(ModelError, match="logits of level 1 are not numbers"):
        made.generate(Piece(said(4)))
    with pytest.raises(ModelError, match="passes are of 2 levels but 3 are made"):
        generator().generate(Piece(said(4)), sampling=MaskedSampling((4, 2)))


@pytest.mark.parametrize(
    "more", [{"passes": 0}, {"passes": ()}, {"temperature": -1.0}, {"choice": float("nan")}]
)
def test_settings_that_are_none_are_refused(more):
    with pytest.raises(ModelError, match=f"{next(iter(more))} must be"):
        MaskedSampling(**more)


def test_greedy_draws_ignore_the_seed_where_nothing_else_does():
    made = generator()
    still = MaskedSampling(5, temperature=0.0, choice=0.0)
    found = [made.generate(Piece(said(FRAMES), seed=seed), sampling=still) for seed in range(3)]
    assert found[0] == found[1] == found[2]
