"""What people read: numbers with units, and the time left of long work."""

import pytest

from vocable.cli import say
from vocable.cli.refusal import listed
from vocable.cli.say import TimeLeft, clock, kbps, size, table, times


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (size(640), "640 bytes"),
        (size(9_300), "9.3 kB"),
        (size(999_960), "1.0 MB"),
        (size(7_200_000_000), "7.2 GB"),
        (clock(0.2), "1 s"),
        (clock(59.4), "59 s"),
        (clock(185.0), "3 min 05 s"),
        (clock(7800.0), "2 h 10 min"),
        (kbps(2000.0), "2.00 kbps"),
        (times(31.4), "31× real time"),
        (times(2.25), "2.2× real time"),
        (listed(list("abcdefg")), "a, b, c, d, e and 2 more"),
        (table([("a", "1"), ("long", "2")]), "a     1\nlong  2"),
    ],
)
def test_numbers_have_units(shown: str, text: str) -> None:
    assert shown == text


@pytest.fixture
def clock_at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, as `time.monotonic` will tell it."""
    now = [100.0]
    monkeypatch.setattr(say.time, "monotonic", lambda: now[0])
    return now


def test_time_left_comes_after_two_seconds(
    clock_at: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with TimeLeft("x.wav") as left:
        for seconds, share in ((1.0, 0.1), (1.9, 0.15), (4.0, 0.25), (5.0, 0.3), (35.0, 0.7)):
            clock_at[0] = 100.0 + seconds
            left(share)
    assert capsys.readouterr().err == "x.wav  25%  12 s left\nx.wav  70%  15 s left\n"


def test_time_left_is_one_line_on_a_terminal(
    clock_at: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(say.sys.stderr, "isatty", lambda: True, raising=False)
    with TimeLeft("x.wav") as left:
        for seconds, share in ((4.0, 0.25), (4.1, 0.26), (5.0, 0.5), (6.0, 1.0)):
            clock_at[0] = 100.0 + seconds
            left(share)
    said = capsys.readouterr().err.split("\r")
    assert [text.rstrip() for text in said] == [
        "",
        "x.wav  25%  12 s left",
        "x.wav  50%  5 s left",
        "",
        "",
    ]


def test_quiet_says_nothing(clock_at: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    left = TimeLeft("x.wav", shown=False)
    clock_at[0] += 10
    left(0.5)
    assert capsys.readouterr().err == ""
