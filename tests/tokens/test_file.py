"""Law 5, no loss: a file gives back the same tokens: at once, in pieces, in tracks, in streams."""

import io
import itertools
import os
import subprocess
import sys
import textwrap
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from tests.tokens.strategies import made, tokens
from tests.tokens.test_spec import ENCODEC48, SNAC, SPEECH
from vocable.errors import FormatError, TokenError
from vocable.tokens import (
    AudioTokens,
    IncompleteWarning,
    Level,
    Segment,
    Side,
    Source,
    TokenFile,
    TokenReader,
    TokenWriter,
    Track,
    joined,
    read_tokens,
    write_tokens,
)
from vocable.tokens.file.limits import ENTRY_BYTES
from vocable.tokens.file.trailer import IndexEntry


def written(some, **kind):
    """Return the bytes of a token file."""
    file = io.BytesIO()
    write_tokens(file, some, **kind)
    return file.getvalue()


def speech(frames=60, **kind):
    return made(SPEECH, 2, 1, frames, **kind)


@given(tokens())
def test_a_file_gives_back_the_same(some):
    assert read_tokens(io.BytesIO(written(some))) == some


@given(st.dictionaries(st.sampled_from(["user", "system", "a.b-c+1"]), tokens(), min_size=1))
def test_tracks_give_back_the_same(named):
    file = io.BytesIO(written(named))
    for name, some in named.items():
        assert read_tokens(file, track=name) == some


@given(tokens(), st.sampled_from([0, 0.001, 0.01, 10]), st.data())
def test_a_growing_file_gives_back_the_same(some, seconds, data):
    """However the tokens come and however long the chunks are."""
    target = io.BytesIO()
    with TokenWriter(target, Track.of(some), chunk_seconds=seconds) as file:
        for piece in pieces(some, data):
            file.write(piece)
        file.finish(some.source.samples if some.source else None)
    assert read_tokens(io.BytesIO(target.getvalue())) == some
    reader = TokenReader(io.BytesIO(target.getvalue()))
    parts = [part for _, part in reader]
    assert reader.complete and reader.source() == some.source
    for k, codes in enumerate(some.stacks):
        assert np.array_equal(np.hstack([codes[:, :0], *(p.stacks[k] for p in parts)]), codes)


def pieces(some, data):
    """Cut tokens at frames where they may be cut."""
    ends = np.cumsum(some.durations if some.durations is not None else some.segments).tolist()
    if some.durations is None and some.spec.segment is None:
        ends = [*range(0, some.frames, some.spec.step), some.frames]
    edges = data.draw(st.lists(st.sampled_from([0, *ends]), max_size=4)) if ends else []
    edges = [*sorted({0, *edges, some.frames, *ends[-3:]})]
    cut = [some[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    return cut or [replace(some, source=None)]


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


def test_nothing_existing_is_lost(tmp_path):
    path = tmp_path / "a.vcb"
    speech().save(path)
    before = path.read_bytes()
    for refused in (lambda: speech(seed=1).save(path),
                    lambda: TokenWriter(path, Track(SPEECH))):  # fmt: skip
        with pytest.raises(FileExistsError, match="overwrite=True"):
            refused()
    assert path.read_bytes() == before
    speech(seed=1).save(path, overwrite=True)
    assert read_tokens(path) == speech(seed=1)
    assert os.listdir(tmp_path) == ["a.vcb"]


def test_a_failed_save_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.vcb"
    speech().save(path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vocable.tokens.file.chunk.encode", full)
    with pytest.raises(OSError, match="No space left"):
        speech(seed=1).save(path, overwrite=True)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["a.vcb"] and read_tokens(path) == speech()


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_tokens(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_tokens(tmp_path / "a.vcb")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        speech().save(tmp_path / "b" / "a.vcb")


def test_a_track_whose_sides_never_came_cannot_be_finished():
    """Reading would ask for them; a file that cannot be read is not called finished."""
    spec = replace(SPEECH, sides=(Side("timbre", (3,)),))
    target = io.BytesIO()
    file = TokenWriter(target, {"a": Track(SPEECH), "b": Track(spec)})
    file.write(speech(500), "a")
    with pytest.raises(TokenError, match="track 'b' got no tokens, and so no sides"):
        file.finish()
    with pytest.warns(IncompleteWarning):
        assert read_tokens(io.BytesIO(target.getvalue()), track="a").frames == 500


def test_frames_at_an_unknown_time_are_left_out_with_a_warning():
    spec = replace(ENCODEC48, segment=Segment(4_800, 1_600))
    some = made(spec, 2, 1, spec.frames(8_000), 8_000, Source(8_000, 48_000, 2))
    target = io.BytesIO()
    file = TokenWriter(target, Track.of(some), chunk_seconds=0)
    file.write(some)
    file.abandon()
    with pytest.warns(IncompleteWarning, match="frames after a short segment are left out"):
        read_tokens(io.BytesIO(target.getvalue()))


def test_several_tracks_need_a_name():
    file = io.BytesIO(written({"user": speech(), "system": speech(5)}))
    with pytest.raises(TokenError, match="track must be one of 'user', 'system', got None"):
        read_tokens(file)
    with pytest.raises(TokenError, match="a track's name must be"):
        written({"no name": speech()})


@pytest.mark.parametrize("ending", [".npy", ".npz", ".safetensors"])
def test_arrays_for_trainers(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    some = speech()
    some.save(path)
    loaded = {".npy": lambda: {"codes": np.load(path)}, ".npz": lambda: dict(np.load(path)),
              ".safetensors": lambda: load_file(path)}[ending]()  # fmt: skip
    assert loaded["codes"].dtype == np.int16 and (loaded["codes"] == some.codes).all()
    with pytest.raises(FileExistsError):
        some.save(path)


@pytest.mark.parametrize(
    ("size", "dtype"),
    [(256, np.uint8), (257, np.int16), (1 << 15, np.int16), ((1 << 15) + 1, np.int32)],
)
def test_arrays_are_of_the_narrowest_type_that_holds_the_codes(tmp_path, size, dtype):
    spec = replace(SPEECH, levels=(Level(size),), prefixes=(1,))
    AudioTokens(spec, ([[0, size - 1]],)).save(tmp_path / "a.npy")
    loaded = np.load(tmp_path / "a.npy")
    assert loaded.dtype == dtype and loaded.tolist() == [[[0, size - 1]]]


def test_arrays_of_all_that_tokens_hold(tmp_path):
    spec = replace(SNAC, sides=(Side("timbre", (3,)),))
    some = made(spec, 3, 1, 9)
    some.save(tmp_path / "a.npz")
    loaded = np.load(tmp_path / "a.npz")
    assert sorted(loaded) == ["level_0", "level_1", "level_2", "side_timbre", "spec"]
    assert read_tokens(tmp_path / "a.npz") == some
    assert '"space":"snac@1:0a"' in str(loaded["spec"])
    with pytest.raises(TokenError, match=".npy holds one array, got level_0, level_1"):
        some.save(tmp_path / "a.npy")


def test_a_writer_takes_tokens_of_another_decoder_of_the_space():
    target = io.BytesIO()
    with TokenWriter(target, Track(SPEECH)) as file:
        file.write(made(replace(SPEECH, out_rate=48_000), 2, 1, 3))
        file.write(made(SPEECH, 2, 1, 4))
    read = read_tokens(io.BytesIO(target.getvalue()))
    assert read.frames == 7 and read.spec == SPEECH


def test_a_writer_refuses_other_tokens():
    target = io.BytesIO()
    file = TokenWriter(target, Track(SPEECH, levels=2))
    with pytest.raises(TokenError, match="the track holds 1 × 2 of speech-16k@1:0a1b, got 1 × 1"):
        file.write(speech().first(1))
    with pytest.raises(TokenError, match="track must be one of '', got 'x'"):
        file.write(speech(), "x")
    file.write(speech())
    with pytest.raises(TokenError, match="1 samples at 16000 Hz are not the 60 frames"):
        file.finish(1)
    file.finish()
    with pytest.raises(TokenError, match="the file is closed"):
        file.write(speech())


def test_item_sides_must_not_change():
    spec = replace(SPEECH, sides=(Side("timbre", (1,)),))
    target = io.BytesIO()
    with TokenWriter(target, Track(spec)) as file:
        file.write(made(spec, 2, 1, 3, seed=1))
        with pytest.raises(TokenError, match="side timbre holds for the whole track"):
            file.write(made(spec, 2, 1, 3, seed=2))


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


def test_no_ending_is_a_token_file(tmp_path):
    speech().save(tmp_path / "tokens")
    assert read_tokens(tmp_path / "tokens") == speech()


@pytest.mark.parametrize("name", ["a.json", "a.pt", "a.tokens", "a.vcb.gz", "a.csv"])
def test_an_unknown_ending_is_refused(tmp_path, name):
    with pytest.raises(TokenError, match=r"must be one of \.npy \.npz \.safetensors \.vcb$"):
        speech().save(tmp_path / name)
    assert not any(tmp_path.iterdir())
    write_tokens(tmp_path / name, speech())  # which says itself what it writes
    assert read_tokens(tmp_path / name) == speech()


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes on Windows")
def test_a_pipe_may_have_any_ending(tmp_path):
    os.mkfifo(tmp_path / "a.fifo")
    code = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
    command = [sys.executable, "-c", code]
    reader = subprocess.Popen([*command, tmp_path / "a.fifo"], stdout=subprocess.PIPE)
    speech().save(tmp_path / "a.fifo")
    assert read_tokens(reader.communicate(timeout=60)[0]) == speech()


def test_no_token_file_has_the_name_of_arrays(tmp_path):
    with pytest.raises(TokenError, match=r"write_tokens writes \.vcb; tokens\.save writes arrays"):
        write_tokens(tmp_path / "a.npz", speech())


def test_two_short_segments_at_the_end():
    source = Source(3 * 47_520 + 47_520 + 100, 48_000, 2)  # 150, 150, 150, 149 and 1 frames
    some = made(ENCODEC48, 2, 1, 600, ENCODEC48.samples(source), source)
    assert some.segments == (150, 150, 150, 149, 1)
    assert read_tokens(io.BytesIO(written(some))) == some


def test_a_chunk_never_outgrows_its_caps():
    wide = replace(SPEECH, levels=(Level(1 << 24),) * 256, prefixes=(256,))
    track = Track(wide, streams=64)
    target = io.BytesIO()
    some = made(wide, 256, 64, 200)
    with TokenWriter(target, track) as file:
        file.write(some)
    assert read_tokens(io.BytesIO(target.getvalue())) == some
    with pytest.raises(TokenError, match="more than a chunk of a token file may hold"):
        TokenWriter(io.BytesIO(), Track(replace(SPEECH, levels=(Level(1 << 24, 1 << 15),
                    *[Level(2)] * 255), prefixes=(256,)), streams=64))  # fmt: skip


KILLED = """
    import os, signal, sys
    from tests.tokens.strategies import made
    from tests.tokens.test_spec import SPEECH
    from vocable.tokens import TokenWriter, Track
    file = TokenWriter(sys.argv[1], Track(SPEECH), chunk_seconds=0)
    for k in range(40):
        file.write(made(SPEECH, 2, 1, 60)[k : k + 1])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_stream_wrote_stays(tmp_path):
    path = tmp_path / "live.vcb"
    subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(path)], check=False)
    with pytest.warns(IncompleteWarning, match="broken off; 1.60 s are there"):
        assert read_tokens(path) == speech()[:40]


def test_a_stream_goes_through_a_pipe():
    read, write = os.pipe()
    with open(write, "wb") as target:
        file = TokenWriter(target, Track(SPEECH), chunk_seconds=0)
        file.write(speech()[:10])
        with open(read, "rb") as source:
            reader = TokenReader(source)
            parts = iter(reader)
            assert next(parts) == ("", speech()[:10])  # before the stream has ended
            file.write(speech()[10:])
            assert next(parts) == ("", speech()[10:])
            file.finish(60 * 640)
            target.close()
            assert list(parts) == [] and reader.source() == Source(60 * 640, 16_000)


def test_an_error_leaves_a_file_without_an_end(tmp_path):
    path = tmp_path / "a.vcb"
    with pytest.raises(KeyError), TokenWriter(path, Track(SPEECH), chunk_seconds=0) as file:
        file.write(speech())
        raise KeyError
    with pytest.warns(IncompleteWarning):
        assert read_tokens(path) == speech()


def test_no_torch_is_loaded(tmp_path):
    speech().save(tmp_path / "a.vcb")
    code = ("import sys; from vocable.tokens import read_tokens; read_tokens(sys.argv[1]); "
            "assert not {'torch', 'scipy', 'constriction'} & set(sys.modules)")  # fmt: skip
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.vcb")], check=True)


def test_a_whole_file_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_tokens(io.BytesIO(written(speech())), recover=True)
