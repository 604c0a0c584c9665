"""Law 5, no loss: a file gives back the same tokens, whole, by track and by range."""

import io
import itertools
import subprocess
import sys
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.strategies import made, tokens
from tests.tokens.test_spec import ENCODEC48, SPEECH
from tests.tokens.written import speech, written
from vocable.errors import FormatError, TokenError
from vocable.tokens import Source, TokenFile, TokenWriter, Track, joined, read_tokens
from vocable.tokens.file.limits import ENTRY_BYTES
from vocable.tokens.file.trailer import IndexEntry


@given(tokens())
def test_a_file_gives_back_the_same(some):
    assert read_tokens(io.BytesIO(written(some))) == some


@given(st.dictionaries(st.sampled_from(["user", "system", "a.b-c+1"]), tokens(), min_size=1))
def test_tracks_give_back_the_same(named):
    file = io.BytesIO(written(named))
    for name, some in named.items():
        assert read_tokens(file, track=name) == some


@given(tokens(), st.sampled_from([0.001, 10]), st.data())
def test_any_range_is_the_slice(some, seconds, data):
    target = io.BytesIO()
    with TokenWriter(target, Track.of(some), chunk_seconds=seconds) as file:
        file.write(some)
    a, b = sorted(data.draw(st.tuples(*[st.integers(0, some.frames)] * 2)))
    with TokenFile(io.BytesIO(target.getvalue())) as file:
        assert file.frames() == some.frames and file.source() == some.source
        try:
            wanted = some[a:b]
        except TokenError:
            with pytest.raises(TokenError):
                file[a:b]
        else:
            assert file[a:b] == wanted


def test_only_the_chunks_of_a_range_are_read():
    """A range costs one entry of the index and one chunk, however long the file is."""
    some = made(SPEECH, 2, 1, 25 * 2400)
    stream = Counting(written(some))
    assert len(stream.getvalue()) > 8 * ENTRY_BYTES
    with TokenFile(stream) as file:
        assert max(run.size for run in file._contents.runs) <= ENTRY_BYTES
        for first in (0, 250 * 120, 250 * 239):
            stream.count = 0
            assert file[first : first + 5] == some[first : first + 5]
            assert stream.count <= ENTRY_BYTES + 2 * 250 * 10 // 8 + 200


class Counting(io.BytesIO):
    count = 0

    def read(self, size=-1):
        data = super().read(size)
        self.count += len(data)
        return data


def test_chunks_are_ten_seconds():
    some = made(SPEECH, 2, 1, 25 * 25)
    with TokenFile(io.BytesIO(written(some))) as file:
        parts = list(file.chunks())
    assert [part.frames for part in parts] == [250, 250, 125]
    assert joined(parts) == some


def test_the_index_may_cover_many_records(monkeypatch):
    """A day of 40 ms chunks is more than the trailer holds: entries are merged."""
    monkeypatch.setattr("vocable.tokens.file.trailer.MAX_INDEX", 16)
    monkeypatch.setattr("vocable.tokens.file.record_writer.MAX_INDEX", 16)
    monkeypatch.setattr("vocable.tokens.file.record_writer.ENTRY_BYTES", 1)
    a, b = speech(100), speech(100, seed=1)
    target = io.BytesIO()
    with TokenWriter(target, {"a": Track.of(a), "b": Track.of(b)}, chunk_seconds=0) as file:
        for k in range(100):
            file.write(a[k : k + 1], "a")
            file.write(b[k : k + 1], "b")
    with TokenFile(io.BytesIO(target.getvalue())) as file:
        assert len(file._contents.runs) <= 16
        assert file.read("a") == a and file.cut(37, 55, "b") == b[37:55]


def test_an_index_that_cuts_a_record_is_named(monkeypatch):
    """Two runs that together are as long as their records, but meet one byte too early."""
    monkeypatch.setattr("vocable.tokens.file.record_writer.ENTRY_BYTES", 1)
    false = itertools.cycle((-1, 1))
    monkeypatch.setattr(
        "vocable.tokens.file.record_writer.IndexEntry",
        lambda size, frames: IndexEntry(size + next(false), frames),
    )
    with TokenFile(io.BytesIO(written(made(SPEECH, 2, 1, 500)))) as file:
        assert len(file._contents.runs) == 2
        with pytest.raises(FormatError, match="the index is wrong at byte 62;"):
            file.read()


def test_several_tracks_need_a_name():
    file = io.BytesIO(written({"user": speech(), "system": speech(5)}))
    with pytest.raises(TokenError, match="track must be one of 'user', 'system', got None"):
        read_tokens(file)
    with pytest.raises(TokenError, match="a track's name must be"):
        written({"no name": speech()})


class Minimal:
    """An open file of another library, which the system cannot map into memory."""

    def __init__(self, data):
        file = io.BytesIO(data)
        self.read, self.seek, self.tell, self.seekable = (
            file.read, file.seek, file.tell, file.seekable
        )  # fmt: skip


@pytest.mark.parametrize("cut", [0, 1])
def test_files_of_other_libraries_are_read(cut):
    data = written(speech())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if cut else "error")
        assert read_tokens(Minimal(data[: len(data) - cut])) == speech()


def test_two_short_segments_at_the_end():
    source = Source(3 * 47_520 + 47_520 + 100, 48_000, 2)  # 150, 150, 150, 149 and 1 frames
    some = made(ENCODEC48, 2, 1, 600, ENCODEC48.samples(source), source)
    assert some.segments == (150, 150, 150, 149, 1)
    assert read_tokens(io.BytesIO(written(some))) == some


def test_no_torch_is_loaded(tmp_path):
    speech().save(tmp_path / "a.vcb")
    code = ("import sys; from vocable.tokens import read_tokens; read_tokens(sys.argv[1]); "
            "assert not {'torch', 'scipy', 'constriction'} & set(sys.modules)")  # fmt: skip
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.vcb")], check=True)


def test_a_whole_file_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_tokens(io.BytesIO(written(speech())), recover=True)
