"""What is left of sequences that stopped early, lost tokens or hold what does not belong there."""

import numpy as np
import pytest

from tests.tokens.strategies import made
from tests.tokens.test_layouts import numbered, plain
from tests.tokens.test_spec import SNAC, SPEECH
from vocable.errors import TokenError
from vocable.tokens import (
    LAYOUTS,
    AudioTokens,
    Side,
    TokenSpec,
    Vocabulary,
    coarse_first,
    delay,
    flatten,
    level_major,
    orpheus,
    parallel,
    repair,
)

LONG = made(SNAC, 3, 1, 40, seed=3)
RATES = plain(3, (4, 2, 1))


def equal_frames(found: AudioTokens, wanted: AudioTokens, frames: list[int]) -> bool:
    """Whether `found` has just these frames of `wanted`."""
    return all(
        (a == b[:, np.unique(np.array(frames) // level.stride)]).all()
        for a, b, level in zip(found.stacks, wanted.stacks, wanted.spec.levels, strict=True)
    )


# ---- what stopped early ----------------------------------------------------------------------


def test_a_flat_sequence_loses_its_incomplete_frame():
    some = numbered(plain(3), 4)
    found = flatten().recover(flatten().arrange(some)[:, :, :8], some.spec)
    assert (found.tokens, found.lost, found.gaps, found.dropped) == (some[:2], 1, (2,), 2)


def test_a_delayed_sequence_loses_its_longest_delay():
    """The usable length is S - max d."""
    some = numbered(plain(4), 20)
    found = delay().recover(delay().arrange(some)[:, :, :10], some.spec)
    assert (found.tokens, found.lost, found.dropped) == (some[:7], 3, 3 + 2 + 1)
    assert str(found) == "7 frames kept, 3 lost in 1 places, 6 tokens dropped"


def test_flushing_the_delay_keeps_everything():
    some = numbered(plain(4), 7)
    found = delay().recover(delay().arrange(some), some.spec)
    assert (found.tokens, found.lost, found.gaps) == (some, 0, ())


def test_the_last_cycle_may_be_short():
    some = numbered(RATES, 8)
    flat = flatten().arrange(some)
    for steps, frames in ((7, 4), (8, 4), (9, 4), (10, 5), (11, 6), (13, 7), (14, 8)):
        found = flatten().recover(flat[:, :, :steps], RATES)
        assert found.tokens.frames == frames, steps
    assert flatten().recover(flat[:, :, :0], RATES).tokens.frames == 0


def test_the_second_part_tells_what_arrived():
    some = numbered(plain(3), 5)
    grid = coarse_first().arrange(some)[:, :, :8]
    found = coarse_first().recover(grid, some.spec, frames=5)
    assert (found.tokens, found.lost, found.dropped) == (some[:2], 3, 3 + 1)
    with pytest.raises(TokenError, match="depends on the length: give frames="):
        coarse_first().recover(grid, some.spec)


def test_a_hole_costs_its_frame_and_is_named():
    some = numbered(plain(2), 6)
    grid = parallel().arrange(some)
    grid[0, 1, 2] = 2048  # a filler inside
    grid[0, 0, 4] = -1
    found = parallel().recover(grid, some.spec)
    assert (found.lost, found.gaps, found.dropped) == (2, (2, 3), 3)
    assert equal_frames(found.tokens, some, [0, 1, 3, 5])


def test_a_hole_costs_the_cycle_where_rates_differ():
    some = numbered(RATES, 12)
    grid = parallel().arrange(some)
    grid[0, 2, 5] = -1
    found = parallel().recover(grid, RATES)
    assert (found.lost, found.gaps, found.tokens.frames) == (4, (4,), 8)
    assert equal_frames(found.tokens, some, [0, 1, 2, 3, 8, 9, 10, 11])


def test_coarse_levels_alone_are_whole():
    """A token of stride 4 is four frames; none of them is lost for want of finer levels."""
    some = LONG.first(1)
    for layout in (flatten(), parallel(), delay()):
        found = layout.recover(layout.arrange(some), SNAC, 1)
        assert (found.tokens, found.lost, found.dropped) == (some, 0, 0)


def test_sides_of_the_item_stay():
    spec = TokenSpec("sided@1:0a", 16_000, 160, 1, SPEECH.levels, (2,), sides=(Side("voice"),))
    some = made(spec, 2, 1, 5)
    found = parallel().recover(parallel().arrange(some), spec, sides=some.sides)
    assert found.tokens == some


# ---- ids of one row --------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "level_major"])
@pytest.mark.parametrize("frames", [0, 1, 5, 12])
def test_whole_ids_are_read_as_they_are(name, frames):
    for spec in (plain(3), RATES):
        vocabulary = Vocabulary.of(spec, LAYOUTS[name], text=100)
        some = made(spec, 3, 1, frames)
        found = repair(vocabulary, vocabulary.to_ids(some), frames=frames)
        assert (found.tokens, found.lost, found.gaps, found.dropped) == (some, 0, (), 0)


def orpheus_ids(tokens: AudioTokens) -> np.ndarray:
    return orpheus(SNAC).to_ids(tokens)[0]


def test_a_code_of_0_is_a_code():
    """Trap T1: Orpheus' own decoder keeps only codes above 0, and then all frames shift."""
    some = AudioTokens(SNAC, [np.zeros((1, n), int) for n in (3, 6, 12)])
    found = repair(orpheus(SNAC), orpheus_ids(some))
    assert (found.tokens, found.lost, found.dropped) == (some, 0, 0)


@pytest.mark.parametrize("slot", range(7))
def test_a_missing_token_costs_one_cycle(slot):
    ids = np.delete(orpheus_ids(LONG), 3 * 7 + slot)
    found = repair(orpheus(SNAC), ids)
    assert (found.lost, found.gaps, found.dropped) == (4, (12,), 6)
    assert equal_frames(found.tokens, LONG, [*range(12), *range(16, 40)])


@pytest.mark.parametrize("slot", range(7))
def test_the_level_alone_finds_the_cycle_again(slot):
    """Where slots of a level share their ids, the order of the levels tells the cycle."""
    vocabulary = Vocabulary.of(SNAC, text=100)
    ids = np.delete(vocabulary.to_ids(LONG)[0], 3 * 7 + slot)
    found = repair(vocabulary, ids)
    assert (found.lost, found.dropped) == (4, 6)
    assert equal_frames(found.tokens, LONG, [*range(12), *range(16, 40)])


def test_an_unexpected_token_costs_nothing():
    """Trap T2: a slot is told by the range of the id, not by counting tokens."""
    ids = np.insert(orpheus_ids(LONG), 17, [5, 128_263])  # text, a special
    found = repair(orpheus(SNAC), ids)
    assert (found.tokens, found.lost, found.gaps, found.dropped) == (LONG, 0, (), 2)


def test_a_token_too_many_costs_nothing_but_itself():
    ids = orpheus_ids(LONG)
    found = repair(orpheus(SNAC), np.insert(ids, 14, ids[14]))  # the first of a cycle, twice
    assert (found.tokens, found.lost, found.dropped) == (LONG, 4, 1)


def test_many_losses_are_counted():
    random = np.random.default_rng(1)
    for _ in range(20):
        cycles = np.sort(random.choice(10, 3, replace=False))
        gone = [7 * cycle + slot for cycle in cycles for slot in random.choice(7, 2, replace=False)]
        found = repair(orpheus(SNAC), np.delete(orpheus_ids(LONG), gone))
        kept = [n for n in range(40) if n // 4 not in cycles]
        assert found.lost == 12 and found.dropped == 15
        assert equal_frames(found.tokens, LONG, kept)


def test_a_sequence_ends_with_its_last_whole_frame():
    """Of the last cycle stand l0 l1 l2 l2: two frames; one token more begins a third."""
    ids, frames = orpheus_ids(LONG), (10, 19, 38)
    pairs = zip(LONG.stacks, frames, strict=True)
    cut_at_38 = AudioTokens(SNAC, [codes[:, :n] for codes, n in pairs])
    for cut, lost, dropped in ((3, 0, 0), (2, 1, 1)):
        found = repair(orpheus(SNAC), ids[:-cut])
        assert (found.tokens, found.lost, found.dropped) == (cut_at_38, lost, dropped)


def test_nothing_but_foreign_ids_gives_no_frames():
    found = repair(orpheus(SNAC), [1, 2, 3])
    assert (found.tokens.frames, found.lost, found.dropped) == (0, 0, 3)


# ---- ids of several rows ----------------------------------------------------------------------


def test_rows_lose_the_frames_in_which_an_id_is_foreign():
    spec = plain(3)
    some = made(spec, 3, 1, 9)
    vocabulary = Vocabulary.of(spec, delay(), text=10)
    ids = vocabulary.to_ids(some)
    ids[0, 1, 5] = 3  # level 1 of frame 4
    found = repair(vocabulary, ids[0])
    assert (found.lost, found.gaps) == (1, (4,))
    assert equal_frames(found.tokens, some, [0, 1, 2, 3, 5, 6, 7, 8])


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: repair(Vocabulary.of(SNAC, level_major()), [1]), "level_major cannot be repaired"),
        (lambda: repair(orpheus(SNAC), np.zeros((2, 7), int)),
         r"repair takes ids of one stream, got shape \[2, 7\]"),
        (lambda: repair(orpheus(SNAC), [0.5]), "ids must be integers, got float64"),
        (lambda: repair(Vocabulary.of(SNAC, parallel()), np.zeros((2, 7), int)),
         "ids of parallel must have 3 rows, got 2"),
        (lambda: repair(Vocabulary.of(SNAC, coarse_first()), np.zeros((3, 7), int)),
         "where the second part of coarse_first begins depends on the length: give frames="),
        (lambda: coarse_first().recover(np.zeros((1, 2, 3), int), SPEECH, frames=-1),
         "frames must be an integer from 0"),
    ],
)  # fmt: skip
def test_refused(wrong, message):
    with pytest.raises(TokenError, match=message):
        wrong()
