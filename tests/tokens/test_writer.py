"""Law 5, no loss: files that grow, in pieces and in streams; what a writer refuses."""

import io
import os
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.strategies import made, tokens
from tests.tokens.test_spec import ENCODEC48, SPEECH
from tests.tokens.written import speech
from vocable.errors import TokenError
from vocable.tokens import (
    IncompleteWarning,
    Level,
    Segment,
    Side,
    Source,
    TokenReader,
    TokenWriter,
    Track,
    read_tokens,
)


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
