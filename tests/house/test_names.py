"""The public names: each is imported on first use, and none but `load` imports torch."""

import os
import subprocess
import sys

import pytest

import vocable

PUBLIC = """
    Audio AudioError AudioReader AudioTokens AudioWriter FormatError Level MeasureError ModelError
    RecipeError Segment Side Source TokenError TokenSpec VocableError Vocabulary Voice load
    load_tokenizer read_tokens
"""
LIMIT = 0.4  # seconds within which a command seems to start at once


def test_the_public_names_are_these():
    assert vocable.__all__ == PUBLIC.split()
    assert set(vocable.__all__) <= set(dir(vocable))


@pytest.mark.parametrize("name", vocable.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(vocable, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'vocable' has no attribute 'laod'"):
        vocable.laod  # noqa: B018


@pytest.mark.parametrize("first", ["import vocable.load", "from vocable.load import describe"])
def test_load_stays_the_function_when_its_module_is_imported(first):
    run(
        f"{first}\nimport vocable\n"
        "assert callable(vocable.load) and vocable.load.__name__ == 'load'"
    )


QUICK = {
    "import vocable": "import vocable",
    "vocable --help": "import vocable.cli, sys\nsys.argv = ['vocable', '--help']\n"
    "try: vocable.cli.main()\nexcept SystemExit as end: assert not end.code",
}
NO_TORCH = "\nimport sys; assert 'torch' not in sys.modules, 'torch was imported'"


@pytest.mark.parametrize("what", QUICK)
def test_starting_is_fast_and_imports_no_torch(what):
    seconds = min(run(QUICK[what] + NO_TORCH) for _ in range(5))
    print(f"{what}: {seconds:.3f} s")
    assert seconds <= LIMIT


def test_no_name_but_load_imports_torch():
    every = "import vocable\nfor name in set(vocable.__all__) - {'load'}: getattr(vocable, name)"
    run(every + NO_TORCH)


def run(code: str) -> float:
    """Run code in a new interpreter and return its processor time in seconds, start included.

    The clock would also count the other tests that run at the same time.
    """
    before = os.times()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    after = os.times()
    used = after.children_user + after.children_system
    return used - before.children_user - before.children_system
