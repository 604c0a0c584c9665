"""The forms of a convolution that the benchmark compares agree, and it says what it ran on."""

import sys

import pytest
import torch

from benchmarks import convolution


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
def test_forms_agree(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["convolution.py", "--rounds", "1"])
    monkeypatch.setattr(convolution, "ROWS", (4, 200))
    convolution.main()
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("| ") for line in lines) == 2 + 2 * (7 + 2 + 1) + 1
    assert "python -m benchmarks.convolution" in lines[-1]


def test_a_wrong_form_stops_it():
    with pytest.raises(SystemExit, match="wrong gives something else than ours"):
        convolution.agree({"ours": lambda: torch.zeros(3), "wrong": lambda: torch.ones(3)})
