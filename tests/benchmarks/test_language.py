"""The benchmark of language models runs on toys: equal weights, equal ids, bytes by the formula."""

import sys

import pytest
import torch

from benchmarks import language_speed
from tests.benchmarks.test_scripts import table
from tests.language.csm import references
from vocable.errors import ModelError
from vocable.nn.narrow import narrow

pytest.importorskip("transformers")


@pytest.fixture(autouse=True)
def kernels():
    try:
        for kind in (torch.float16, torch.int8):
            narrow(torch.ones(2, 2), kind)
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture
def toys(monkeypatch):
    """A toy takes the place of CSM-1B."""
    models = pytest.importorskip("benchmarks.language_models")

    def toy(dtype, layers=None):
        model = references.make_reference(codebook_eos_token_id=0)
        model.generation_config.eos_token_id = None
        return model.to(dtype)

    monkeypatch.setattr(models, "their_csm", toy)


def test_small_models(monkeypatch, capsys):
    options = ("--turns", "1", "small", "--tokens", "4", "--widths", "64", "--layers", "1")
    rows, about = table(monkeypatch, capsys, "language_speed", *options, "--streams", "3")
    assert [row[2] for row in rows[1:]] == ["float32", "float16"]
    assert rows[1][-1] == "0 of 4" and "transformers" in about
    assert all(float(cell) > 0 for row in rows[1:] for cell in row[3:8])


def test_contexts(monkeypatch, capsys):
    options = ("--turns", "1", "context", "--contexts", "4", "8", "--steps", "3")
    rows, _ = table(monkeypatch, capsys, "language_speed", *options)
    assert [row[0] for row in rows[1:]] == ["4", "8"]
    assert all(row[2] == row[3] and row[4] == "yes" for row in rows[1:])


@pytest.mark.usefixtures("toys")
def test_nearness(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["language_speed.py", "near", "--frames", "3"])
    language_speed.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "greedy frames equal in fp32: 3 of 3"
    found = {line.split(" | ")[0]: line.split(" | ") for line in lines if line[:1] == "|"}
    costs = {name: float(found[f"| {name}"][2]) for name in ("float16", "bfloat16", "int8")}
    assert 0 <= costs["float16"] < costs["bfloat16"] < 0.1 and 0 < costs["int8"] < 0.1


@pytest.mark.usefixtures("toys")
def test_frames(monkeypatch, capsys):
    options = ("--turns", "1", "csm", "--frames", "2", "--kinds", "int8", "float16", "as stored")
    rows, _ = table(monkeypatch, capsys, "language_speed", *options)
    names = ["transformers, bfloat16", "ours, int8", "ours, float16", "ours, as stored"]
    assert [row[0] for row in rows[1:]] == names
    read = [float(row[3]) for row in rows[1:]]
    assert read[0] == read[2] == read[3]
