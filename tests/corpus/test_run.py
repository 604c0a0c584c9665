"""The whole: processes, tasks, the command, and what it says."""

import json
from pathlib import Path

import pytest

from tests.cli.calls import call, results
from tests.corpus.made import made, tree
from vocable.corpus import encode_corpus
from vocable.errors import RecipeError


def test_two_processes_make_what_one_makes(sounds: Path, codec: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    report = encode_corpus(
        sounds, tmp_path / "two", str(codec), to="parquet", size=2, workers=2,
        progress=shares.append,
    )  # fmt: skip
    assert report == made(sounds, tmp_path / "one", codec, "parquet", size=2)
    assert tree(tmp_path / "two") == tree(tmp_path / "one")
    assert shares == [0.25, 0.5, 0.75, 1.0]
    (run,) = map(json.loads, (tmp_path / "two/corpus/runs.jsonl").read_text().splitlines())
    assert (run["pieces"], run["recordings"], run["workers"]) == (4, 7, 2)
    assert sum(each["seconds"] for each in run["by_worker"]) == pytest.approx(report.seconds, 1e-3)


def test_tasks_share_the_pieces_and_the_last_finishes(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    one, two = (
        results(
            "corpus", "encode", sounds, "-o", tmp_path / "out", "--codec", codec, "--piece", 2,
            "--task", task, "--tasks", 2,
        )[0]
        for task in (2, 1)
    )  # fmt: skip
    assert (one["made"], one["pieces"], one["recordings"]) == (2, 4, 3)
    assert not (tmp_path / "early/corpus/report.json").exists()
    assert (two["made"], two["recordings"], two["failed"]) == (4, 7, 0)
    made(sounds, tmp_path / "one", codec, size=2)
    assert tree(tmp_path / "out") == tree(tmp_path / "one")
    with pytest.raises(RecipeError, match="task 3 of 2"):
        encode_corpus(sounds, tmp_path / "out", str(codec), size=2, task=(3, 2))


def test_the_command_says_what_failed(sounds: Path, codec: Path, tmp_path: Path) -> None:
    (sounds / "bad.flac").write_bytes(b"fLaC")
    args = ["corpus", "encode", sounds, "-o", tmp_path / "out", "--codec", codec]
    said = call(*args, code=1).stderr
    assert "7 recordings" in said and "error: 1 recordings failed;" in said
    assert "failed.jsonl says why" in said
    assert call(*args, code=1).stderr == said  # nothing is left to do, and that is said again


def test_wrong_calls_are_refused(sounds: Path, codec: Path, tmp_path: Path) -> None:
    args = ["corpus", "encode", sounds, "-o", tmp_path / "out", "--codec", codec]
    for more, message in (
        (["--task", 1], "--task K and --tasks N belong together"),
        (["--to", "vbc"], 'vbc is not an output; nearest: "vcb"'),
        (["--layout", "flat"], "--layout flat: known are flatten"),
        (["--layout", "flatten"], "vcb holds codes; a layout or vocabulary makes ids"),
        (["--levels", 9], "levels must be one of"),
    ):
        said = call(*args, *more, code=2 if message.startswith("--") else 1).stderr
        assert message in said, said
    assert not (tmp_path / "out").exists()
