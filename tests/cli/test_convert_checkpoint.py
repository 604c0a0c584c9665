"""`vocable convert-checkpoint`: a checkpoint in another layout, and refusals in one line."""

from pathlib import Path

import pytest

from tests.cli.calls import call, results

TOY = Path(__file__).parents[1] / "golden" / "bigcodec" / "checkpoint"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_it_says_what_was_written(tmp_path):
    (found,) = results("convert-checkpoint", TOY, tmp_path / "x")
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "x").iterdir()}
    assert sizes.keys() == {"config.json", "model.safetensors"}
    assert found == {
        "input": str(TOY), "folder": str(tmp_path / "x"), "name": "bigcodec", "was": "bigcodec",
        "layout": "vocable", "files": sizes,
    }  # fmt: skip
    done = call("convert-checkpoint", tmp_path / "x", tmp_path / "y", "--to", "bigcodec")
    assert "y: bigcodec, vocable → bigcodec: bigcodec.pt " in done.output


def test_refusals_are_one_line(tmp_path):
    done = call("convert-checkpoint", TOY, tmp_path / "x", "--to", "bigcodec", code=2)
    assert done.output.splitlines() == [
        "error: bigcodec is in the layout bigcodec already; others: vocable"
    ]
    (tmp_path / "x").mkdir()
    assert (
        "exists; take another name"
        in call("convert-checkpoint", TOY, tmp_path / "x", code=2).output
    )
