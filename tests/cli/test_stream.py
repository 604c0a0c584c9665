"""`vocable stream`: samples become tokens while they arrive, and exactly as many come back."""

import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

import vocable
from tests.cli.calls import PROGRAM, call
from tests.cli.small import RATE, tone
from vocable.codecs import build
from vocable.load import save_model
from vocable.tokens import TokenReader


def pcm(seconds: float, rate: int = RATE, channels: int = 1, form: str = "s16le") -> bytes:
    samples = tone(seconds, rate, channels)
    if form == "f32le":
        return samples.astype("<f4").tobytes()
    return np.round(samples * 2**15).astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("rate", "channels", "form", "seconds"),
    [(16_000, 1, "s16le", 1.0), (44_100, 2, "f32le", 0.777), (8000, 1, "s16le", 0.0171)],
)
def test_as_many_samples_come_back(
    small: Path, rate: int, channels: int, form: str, seconds: float
) -> None:
    sent = pcm(seconds, rate, channels, form)
    how = ["--format", form, "--codec", small]
    tokens = call("stream", "encode", *how, "--rate", rate, "--channels", channels, stdin=sent)
    back = call("stream", "decode", *how, stdin=tokens.stdout_bytes)
    assert len(back.stdout_bytes) == len(sent)


def test_a_stream_holds_what_encode_gives(here: Path, small: Path) -> None:
    done = call("stream", "encode", "--codec", small, stdin=pcm(1.3))
    Path("x.vcb").write_bytes(done.stdout_bytes)
    codec = vocable.load(small)
    samples = np.frombuffer(pcm(1.3), "<i2")
    assert vocable.read_tokens("x.vcb") == codec.encode(samples, rate=RATE)
    decoded = call(
        "stream", "decode", "--codec", small, "--format", "f32le", stdin=done.stdout_bytes
    )
    streamed = np.frombuffer(decoded.stdout_bytes, "<f4")
    whole = codec.decode(vocable.read_tokens("x.vcb")).samples[0]
    assert np.abs(streamed - whole).max() <= 1e-5 * max(1.0, np.abs(whole).max())


@pytest.mark.parametrize(("said", "used"), [([], 1), (["--threads", 2], 2)])
def test_a_stream_takes_one_thread(small: Path, said: list[object], used: int) -> None:
    """A frame shared by two threads takes twice the processor for no less time."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        call("stream", "encode", "--codec", small, *said, stdin=pcm(0.2))
        assert torch.get_num_threads() == used
    finally:
        torch.set_num_threads(before)


def test_mix_and_channels(small: Path) -> None:
    how = ["--channels", 3, "--mix", "--codec", small]
    tokens = call("stream", "encode", *how, stdin=pcm(0.4, channels=3)).stdout_bytes
    back = call("stream", "decode", "--channels", 2, "--codec", small, stdin=tokens).stdout_bytes
    pairs = np.frombuffer(back, "<i2").reshape(-1, 2)
    assert len(pairs) == round(0.4 * RATE)
    assert np.array_equal(pairs[:, 0], pairs[:, 1])


def test_tokens_come_while_samples_arrive(small: Path) -> None:
    line = [*PROGRAM, "stream", "encode", "--codec", str(small)]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    deadline = threading.Timer(100, process.kill)
    deadline.start()
    process.stdin.write(pcm(0.5))
    process.stdin.flush()
    stream = iter(TokenReader(process.stdout))
    _, tokens = next(stream)  # with stdin still open
    assert len(tokens) == 12
    process.stdin.close()
    assert sum(len(rest) for _, rest in stream) == 1
    assert process.wait(timeout=60) == 0
    deadline.cancel()


def test_a_broken_stream_is_readable_up_to_its_last_chunk(here: Path, small: Path) -> None:
    whole = call("stream", "encode", "--codec", small, stdin=pcm(8.0)).stdout_bytes
    for lost in (30, 1):  # inside the last chunk, inside the trailer
        back = call("stream", "decode", "--codec", small, stdin=whole[:-lost])
        assert back.stderr.startswith("warning: the tokens end without a trailer")
        assert 2 * 5 * RATE < len(back.stdout_bytes) <= 2 * 8 * RATE


def test_a_decoder_of_a_higher_rate_says_how_to_hear_it(here: Path) -> None:
    sizes = {"rate": 8000, "filters": 4, "strides": [2, 8], "latent": 8, "sizes": [16, 16]}
    save_model(build("soundstream", sizes | {"decoder_strides": [8, 2, 2]}), here / "wide")
    codec = ["--codec", here / "wide"]
    tokens = call("stream", "encode", *codec, stdin=pcm(0.5, 8000)).stdout_bytes
    line = (
        "warning: stdout: written at 8000 Hz, as it was recorded; soundstream gives 16000 Hz: "
        "--rate 16000\n"
    )
    for more in ([], ["--conceal"]):
        low = call("stream", "decode", *codec, *more, stdin=tokens)
        high = call("stream", "decode", *codec, *more, "--rate", 16_000, stdin=tokens)
        assert low.stderr == line and high.stderr == ""
        assert (len(low.stdout_bytes), len(high.stdout_bytes)) == (8000, 16_000)


def test_bad_streams(small: Path) -> None:
    codec = ["--codec", small]
    nothing = call("stream", "encode", *codec, stdin=b"", code=1)
    assert "stdin has no samples" in nothing.stderr
    samples = tone(0.1)
    samples[700] = np.nan
    call_nan = ["stream", "encode", "--format", "f32le", *codec]
    bad = call(*call_nan, stdin=samples.tobytes(), code=1)
    assert "sample 700" in bad.stderr and bad.stderr.count("\n") == 1
    odd = call("stream", "encode", *codec, stdin=pcm(0.1) + b"x")
    assert "warning: stdin ends inside a sample; its 1 bytes are left out" in odd.stderr
    text = call("stream", "decode", *codec, stdin=b"what is this", code=1)
    assert text.stderr.startswith("error: ") and text.stderr.count("\n") == 1


def test_a_stream_of_nothing_is_no_sound(small: Path) -> None:
    nothing = call("stream", "encode", "--codec", small, stdin=b"", code=1).stdout_bytes
    back = call("stream", "decode", "--codec", small, stdin=nothing)
    assert back.stdout_bytes == b"" and "without a trailer" in back.stderr


def test_a_reader_that_stops_is_no_error(small: Path) -> None:
    tokens = call("stream", "encode", "--codec", small, stdin=pcm(20.0)).stdout_bytes
    line = [*PROGRAM, "stream", "decode", "--codec", str(small)]
    process = subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(tokens)
    process.stdin.close()
    process.stdout.read(100)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 141
