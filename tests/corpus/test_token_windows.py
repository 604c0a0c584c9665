"""Windows: each once an epoch over all ranks, ordered by seed and epoch, resumed exactly."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from tests.corpus.made import made
from vocable.corpus import Corpus, TokenWindows
from vocable.corpus.permutation import Permutation
from vocable.errors import TokenError
from vocable.tokens import LAYOUTS, Vocabulary


@pytest.fixture(scope="module")
def corpus(codec: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of four recordings, one of them stereo, in two pieces."""
    import soundfile

    folder = tmp_path_factory.mktemp("windows")
    (folder / "in").mkdir()
    draw = np.random.default_rng(0)
    for number in range(4):
        shape = (6000 + 1000 * number, 2 if number == 2 else 1)
        soundfile.write(folder / f"in/{number}.wav", draw.normal(0, 0.1, shape), 16_000)
    made(folder / "in", folder / "c", codec, "parquet", size=2)
    return folder / "c"


def rows(windows: TokenWindows) -> list[list[int]]:
    return [window.tolist() for window in windows]


def row(corpus: Path) -> np.ndarray:
    """All ids in a row, by the vocabulary alone."""
    read = Corpus(corpus)
    words = Vocabulary.of(read.spec)
    parts = []
    for _, tokens in read:
        for ids in words.to_ids(tokens):
            parts += [ids, [words.specials["eos"]]]
    return np.concatenate(parts)


def test_windows_are_cuts_of_all_ids_in_a_row(corpus: Path) -> None:
    whole = row(corpus)
    windows = TokenWindows(corpus, 7)
    cut = whole[: len(whole) // 7 * 7].reshape(-1, 7).tolist()
    assert len(windows) == windows.windows == len(cut)
    assert sorted(rows(windows)) == sorted(cut) and rows(windows) != cut
    assert all(window.dtype == torch.int64 for window in windows)
    assert [windows.window(k).tolist() for k in range(len(cut))] == cut


def test_codes_are_frames_of_all_levels(corpus: Path) -> None:
    frames = np.concatenate([c for _, t in Corpus(corpus) for c in t.codes], axis=1)
    windows = TokenWindows(corpus, 5, codes=True)
    found = [windows.window(k) for k in range(windows.windows)]
    assert found[0].shape == (4, 5) and found[0].is_contiguous()
    assert torch.equal(torch.cat(found, 1), torch.from_numpy(frames[:, : len(found) * 5]).long())
    assert len(found) == frames.shape[1] // 5 and list(windows)[0].shape == (4, 5)


@given(world=st.integers(1, 5), length=st.integers(1, 9), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_ranks_have_all_windows_once(corpus: Path, world: int, length: int, seed: int) -> None:
    ranks = [TokenWindows(corpus, length, seed=seed, rank=r, world=world) for r in range(world)]
    places = _places(ranks)
    assert len({len(each) for each in places}) == 1  # no rank waits for another
    together = [place for each in places for place in each]
    assert len(together) == len(set(together)) == ranks[0].windows // world * world
    assert set(together) <= set(range(ranks[0].windows))


def _places(ranks: list[TokenWindows]) -> list[list[int]]:
    """The places that each rank gives, by noting what it asks for."""
    found = []
    for each in ranks:
        asked: list[int] = []
        each.window = lambda number, asked=asked: asked.append(number)  # type: ignore[method-assign]
        list(each)
        found.append(asked)
    return found


def test_orders_are_of_the_seed_and_the_epoch(corpus: Path) -> None:
    windows = TokenWindows(corpus, 4, seed=3)
    first = rows(windows)
    assert rows(windows) == first == rows(TokenWindows(corpus, 4, seed=3))
    windows.set_epoch(1)
    second = rows(windows)
    others = rows(TokenWindows(corpus, 4, seed=4))
    assert sorted(first) == sorted(second) == sorted(others)
    assert first != second and first != others and second != others


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_going_on_is_as_if_nothing_had_been(corpus: Path, data: st.DataObject) -> None:
    epoch = data.draw(st.integers(0, 2))
    windows = TokenWindows(corpus, 3, seed=5)
    windows.set_epoch(epoch)
    whole, taken = rows(windows), data.draw(st.integers(0, windows.windows))
    reader = iter(windows)
    for _ in range(taken):
        next(reader)
    state = json.loads(json.dumps(windows.state_dict()))
    assert state["seen"] == taken and state["epoch"] == epoch
    again = TokenWindows(corpus, 3, seed=5)
    again.load_state_dict(state)
    again.set_epoch(epoch)
    assert len(again) == windows.windows - taken and rows(again) == whole[taken:]
    world = data.draw(st.integers(1, 3))  # what is left is shared by other ranks
    ranks = [TokenWindows(corpus, 3, seed=5, rank=r, world=world) for r in range(world)]
    for each in ranks:
        each.load_state_dict(state)
    parts = [rows(each) for each in ranks]
    left = whole[taken:]
    assert [w for step in zip(*parts, strict=True) for w in step] == left[: len(parts[0]) * world]


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_of_a_loader_change_nothing(corpus: Path, workers: int) -> None:
    expected = rows(TokenWindows(corpus, 3, seed=1))
    windows = TokenWindows(corpus, 3, seed=1, batch_size=4)
    found = []
    for step, batch in enumerate(DataLoader(windows, batch_size=4, num_workers=workers), 1):
        found += batch.tolist()
        if step == 3:
            state = windows.state_dict(given=12)
    assert found == expected
    with pytest.raises(TokenError, match=r"say how many windows were taken: state_dict\(given="):
        windows.state_dict()
    other = TokenWindows(corpus, 3, seed=1, batch_size=4)
    other.load_state_dict(state)
    rest = [w for b in DataLoader(other, batch_size=4, num_workers=2 - workers) for w in b]
    assert [each.tolist() for each in rest] == expected[12:]


def test_the_row_is_written_once_and_named_by_what_it_holds(corpus: Path) -> None:
    def files() -> set[Path]:
        return set((corpus / "corpus/packed").iterdir())

    TokenWindows(corpus, 2)
    before = {path: path.stat().st_mtime_ns for path in files()}
    windows = pickle.loads(pickle.dumps(TokenWindows(corpus, 3)))
    assert {path: path.stat().st_mtime_ns for path in files()} == before
    assert rows(windows) == rows(TokenWindows(corpus, 3)) and len(pickle.dumps(windows)) < 5000
    words = Vocabulary.of(Corpus(corpus).spec, LAYOUTS["level_major"], text=100_000, specials=())
    large = TokenWindows(corpus, 2, vocabulary=words)
    (new,) = files() - set(before)
    assert new.stat().st_size % 4 == 0 and min(map(min, rows(large))) >= 100_000


def test_what_gives_no_windows_is_refused(corpus: Path) -> None:
    spec = Corpus(corpus).spec
    for given_, message in (
        ({"length": 10**6}, "positions, a window has 1000000"),
        ({"length": 0}, "need length and batch_size of at least 1"),
        ({"length": 2, "rank": 2, "world": 2}, "rank below world, got 2, 1, rank 2 of 2"),
        ({"length": 2, "codes": True, "vocabulary": Vocabulary.of(spec)}, "leave one of them out"),
        ({"length": 2, "vocabulary": Vocabulary.of(spec, LAYOUTS["delay"])}, "several rows"),
    ):
        with pytest.raises(TokenError, match=message):
            TokenWindows(corpus, **given_)  # type: ignore[arg-type]
    state = TokenWindows(corpus, 3).state_dict()
    with pytest.raises(TokenError, match="the state is of length 3, the windows of 2"):
        TokenWindows(corpus, 2).load_state_dict(state)
    with pytest.raises(TokenError, match="the state is of seed 0, the windows of 1"):
        TokenWindows(corpus, 3, seed=1).load_state_dict(state)


@given(count=st.integers(1, 700), key=st.tuples(st.integers(0), st.integers(0)))
@settings(max_examples=60, deadline=None)
def test_a_permutation_has_all_once(count: int, key: tuple[int, int]) -> None:
    order = Permutation(count, key)
    assert sorted(order[k] for k in range(count)) == list(range(count))
    with pytest.raises(IndexError):
        order[count]


def test_all_places_are_as_likely() -> None:
    """Where 0 .. 9 stand over 4000 keys: chi-squared of 81 degrees, its 99.99 % point is 134."""
    table = np.zeros((10, 10))
    for seed in range(4000):
        order = Permutation(10, (seed, 0))
        for place in range(10):
            table[place, order[place]] += 1
    assert ((table - 400) ** 2 / 400).sum() * 9 / 10 < 134
