"""`vocable context`: how much fits into a context, and the memory it takes there."""

import pytest

from tests.cli.calls import call, results
from vocable.cli.context_table import memory
from vocable.load import describe
from vocable.tokens import Cache, fits

SHAPE = ("--layers", 16, "--kv-heads", 8, "--head-dim", 64)


def test_a_model_in_every_layout() -> None:
    spec = describe("speech-16k").spec
    assert spec is not None
    (facts,) = results("context", "speech-16k", "--context", 4096, *SHAPE, "--prompt", 96)
    wanted = fits(spec, 4096, prompt=96, cache=Cache(16, 8, 64))
    assert facts["levels"] == len(spec.levels) and facts["context"] == 4096
    assert [each["layout"] for each in facts["layouts"]] == [fit.layout for fit in wanted]
    assert facts["layouts"][0] == {
        "layout": "flatten",
        "positions_per_second": 200.0,
        "depth_steps_per_second": 0.0,
        "seconds": 20.0,
        "cache_bytes": 128 * 2**20,
        "cache_bytes_per_second": 200 * 32768.0,
    }


def test_a_table_for_people() -> None:
    printed = call("context", "speech-16k", "--context", 4096, "--levels", 4, *SHAPE).stdout
    head, flat = printed.splitlines()[1:3]
    assert head.split()[:3] == ["layout", "positions/s", "depth/s"] and "fits 4096" in head
    assert flat.split() == ["flatten", "100.00", "-", "41.0", "s", "128.0", "MiB", "187.5", "MiB"]
    assert printed.endswith("a position takes 32.0 KiB\n")
    plain = call("context", "speech-16k", "sound-48k", "--context", 100).stdout
    assert plain.count("acoustic_delay") == 2 and "MiB" not in plain


@pytest.mark.parametrize(
    ("count", "text"), [(512, "0.5 KiB"), (2**15, "32.0 KiB"), (3000 * 2**19, "1.46 GiB")]
)
def test_memory_in_powers_of_1024(count: int, text: str) -> None:
    assert memory(count) == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speech-16k"], "missing option '--context'"),
        (["speech-16k", "--context", 0], "0 is not in the range x>=1"),
        (["speech-16k", "--context", 9, "--prompt", 10],
         "prompt must be an integer from 0 to 9, got 10"),
        (["speech-16k", "--context", 9, "--levels", 99],
         "levels must be one of 3, 4, 5, 6, 7, 8 for speech-16k, got 99"),
        (["speech-16k", "--context", 9, "--layers", 2],
         "the memory of a cache needs --kv-heads, --head-dim too"),
        (["speech-16k", "--context", 9, *SHAPE, "--item-bytes", 2000],
         "item_bytes must be an integer from 1 to 1024, got 2000"),
        (["km100", "--context", 9], "km100"),
    ],
)  # fmt: skip
def test_refused(arguments: list[object], message: str) -> None:
    done = call("context", *arguments, code=2)
    assert message in done.stderr and done.stderr.count("\n") == 1
