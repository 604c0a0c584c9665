"""The public names are these, each loads on first use, and none of them brings torch too early."""

import subprocess
import sys
import time

import pytest

import vocable

PUBLIC = """
    Audio AudioError AudioReader AudioTokens AudioWriter FormatError Level MeasureError ModelError
    RecipeError Segment Side Source TokenError TokenSpec VocableError Vocabulary load read_tokens
"""
LIMIT = 0.4  # seconds for a command line to feel instant


def test_the_public_names_are_these():
    assert vocable.__all__ == PUBLIC.split()
    assert set(vocable.__all__) <= set(dir(vocable))


@pytest.mark.parametrize("name", vocable.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(vocable, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'vocable' has no attribute 'laod'"):
        vocable.laod  # noqa: B018


@pytest.mark.parametrize("first", ["import vocable.load", "from vocable.load import find"])
def test_load_stays_the_function_whoever_imports_its_module(first):
    run(
        f"{first}\nimport vocable\n"
        "assert callable(vocable.load) and vocable.load.__name__ == 'load'"
    )


WITHOUT_TORCH = {
    "import vocable": "import vocable",
    "every name but load": "import vocable\n"
    "for name in set(vocable.__all__) - {'load'}: getattr(vocable, name)",
    "vocable --help": "import vocable.cli, sys\nsys.argv = ['vocable', '--help']\n"
    "try: vocable.cli.main()\nexcept SystemExit as end: assert not end.code",
}


@pytest.mark.parametrize("what", WITHOUT_TORCH)
def test_no_torch_and_no_waiting(what):
    end = "\nimport sys; assert 'torch' not in sys.modules, 'torch was loaded'"
    seconds = min(run(WITHOUT_TORCH[what] + end) for _ in range(5))
    print(f"{what}: {seconds:.3f} s")
    assert seconds <= LIMIT


def run(code: str) -> float:
    """Run code in a fresh interpreter and return the seconds it took, start included."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - start
