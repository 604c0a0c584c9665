"""Tokens of one recording by name: one clock, one file."""

import pickle

import numpy as np
import pytest

from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Level, Source, TokenSpec
from vocable.tokens.tracks import Tracks, read_tracks

SOURCE = Source(48_123, 48_000, 1)


def tokens(role: str, frame: int, window: int | None = None, source: Source | None = SOURCE):
    spec = TokenSpec(
        space=f"{role}@1:0", rate=16_000, frame=frame, channels=1,
        levels=(Level(100, role=role),), prefixes=(1,), window=window,
    )  # fmt: skip
    frames = spec.frames(spec.samples(SOURCE))
    codes = np.random.default_rng(frame).integers(0, 100, (1, frames), dtype=np.int32)
    return AudioTokens(spec, (codes,), source=source)


def both() -> Tracks:
    return Tracks({"semantic": tokens("semantic", 320, 400), "acoustic": tokens("acoustic", 640)})


def test_a_file_holds_them_all(tmp_path):
    tracks = both()
    tracks.save(tmp_path / "talk.vcb")
    assert read_tracks(tmp_path / "talk.vcb") == tracks
    assert list(tracks) == ["semantic", "acoustic"] and tracks.source == SOURCE
    with pytest.raises(FileExistsError):
        tracks.save(tmp_path / "talk.vcb")


def test_they_pickle_and_compare():
    tracks = both()
    assert pickle.loads(pickle.dumps(tracks)) == tracks
    assert tracks != Tracks({"semantic": tracks["semantic"]})


def test_they_have_one_clock():
    end = SOURCE.samples / SOURCE.rate
    for track in both().values():
        starts = [track.spec.span(f).start / track.spec.rate for f in (0, track.frames - 1)]
        assert starts[0] == 0
        assert end - track.spec.frame / track.spec.rate - 0.025 < starts[1] < end


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: Tracks({}), "there is no track"),
        (
            lambda: Tracks(
                {"a": tokens("semantic", 320), "b": tokens("acoustic", 640, source=None)}
            ),
            'tracks are of one recording, but "b" is of None',
        ),
    ],
)
def test_what_is_not_of_one_recording_is_refused(made, words):
    with pytest.raises(TokenError, match=words):
        made()


def test_an_unknown_name_is_refused_with_those_that_are_there():
    with pytest.raises(KeyError, match="no track 'words'; there are 'semantic', 'acoustic'"):
        both()["words"]


def test_side_by_side_they_are_streams_in_order():
    one, other = tokens("acoustic", 640), tokens("acoustic", 640)
    other = AudioTokens(other.spec, [(other.stacks[0] + 1) % 100], source=SOURCE)
    both = Tracks({"speaker-1": one, "speaker-2": other}).side_by_side()
    assert (both.streams, both.source) == (2, Source(48_123, 48_000, 2))
    np.testing.assert_array_equal(both.codes, np.concatenate([one.codes, other.codes]))


def test_tracks_of_several_spaces_are_not_put_side_by_side():
    with pytest.raises(TokenError, match="'semantic', 'acoustic' are not of one space"):
        both().side_by_side()
