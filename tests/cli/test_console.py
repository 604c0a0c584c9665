"""What people read: numbers with units, the time left of long work, errors in a line."""

import errno

import pytest

from vocable.cli import console
from vocable.cli.console import Progress
from vocable.cli.errors import message_of
from vocable.cli.units import duration, file_size, kbps, table, times_real_time


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (file_size(640), "640 bytes"),
        (file_size(9_300), "9.3 kB"),
        (file_size(999_960), "1.0 MB"),
        (file_size(7_200_000_000), "7.2 GB"),
        (duration(0.2), "1 s"),
        (duration(59.4), "59 s"),
        (duration(185.0), "3 min 05 s"),
        (duration(7800.0), "2 h 10 min"),
        (kbps(2000.0), "2.00 kbps"),
        (times_real_time(31.4), "31× real time"),
        (times_real_time(2.25), "2.2× real time"),
        (table([("a", "1"), ("long", "2")]), "a     1\nlong  2"),
    ],
)
def test_numbers_have_units(shown: str, text: str) -> None:
    assert shown == text


@pytest.fixture
def clock_at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds that `time.monotonic` returns."""
    now = [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


def test_time_left_comes_after_two_seconds(
    clock_at: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("x.wav") as progress:
        for seconds, share in ((1.0, 0.1), (1.9, 0.15), (4.0, 0.25), (5.0, 0.3), (35.0, 0.7)):
            clock_at[0] = 100.0 + seconds
            progress(share)
    assert capsys.readouterr().err == "x.wav  25%  12 s left\nx.wav  70%  15 s left\n"


def test_time_left_is_one_line_on_a_terminal(
    clock_at: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.sys.stderr, "isatty", lambda: True, raising=False)
    with Progress("x.wav") as progress:
        for seconds, share in ((4.0, 0.25), (4.1, 0.26), (5.0, 0.5), (6.0, 1.0)):
            clock_at[0] = 100.0 + seconds
            progress(share)
    printed = capsys.readouterr().err.split("\r")
    assert [text.rstrip() for text in printed] == [
        "",
        "x.wav  25%  12 s left",
        "x.wav  50%  5 s left",
        "",
        "",
    ]


def test_quiet_prints_nothing(clock_at: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("x.wav", shown=False)
    clock_at[0] += 10
    progress(0.5)
    assert capsys.readouterr().err == ""


def test_too_many_open_files_have_a_repair() -> None:
    error = OSError(errno.EMFILE, "Too many open files")
    assert message_of(error) == "too many open files; raise `ulimit -n`, or take fewer --jobs"
