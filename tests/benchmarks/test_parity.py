"""The table of parity: a row for each codec, size and reference, with the largest differences."""

import json
import subprocess
import sys

import pytest

from benchmarks.parity import ROOT, merged
from tests.parity.compare import record


def test_lines_of_one_codec_become_a_row(monkeypatch, tmp_path):
    monkeypatch.setenv("VOCABLE_PARITY_REPORT", str(tmp_path / "report"))
    for latents, frames, ties in ((1e-6, 75, 1), (3e-6, 5, 0)):
        record("B", size="toy", reference="b", latents=latents, frames=frames, ties=ties)
    record("A", size="toy", reference="a", samples=2e-5)
    lines = map(json.loads, (tmp_path / "report").read_text().splitlines())
    assert merged(lines) == [
        ["A", "toy", "a", "", "2e-05", "0", "0"],
        ["B", "toy", "b", "3e-06", "", "80", "1"],
    ]


@pytest.mark.slow
def test_the_table_ends_with_its_command_and_fails_with_its_tests(monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    command = [sys.executable, "-m", "benchmarks.parity", "-k", "no_such_test", "--collect-only"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 5  # pytest's word for no tests
    assert "python -m benchmarks.parity -k no_such_test" in done.stdout.splitlines()[-1]
