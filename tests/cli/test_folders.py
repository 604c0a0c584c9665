"""Names of any kind, folders and their trees, in `vocable encode` and `decode`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from tests.cli.calls import call, results
from tests.cli.small import write_tone
from vocable.atomic import Replacement


@pytest.mark.parametrize("name", ["größe 录音.wav", "x" * 250 + ".wav", "--force.wav", "-.wav"])
def test_names_of_any_kind(here: Path, small: Path, name: str) -> None:
    write_tone(here / name, 0.2)
    call("encode", "--codec", small, "--", name)
    (facts,) = results("decode", "--codec", small, "-o", "y.wav", "--", f"{name[:-4]}.vcb")
    assert facts["samples"] == 3200
    assert {path.name for path in here.iterdir()} == {name, f"{name[:-4]}.vcb", "y.wav"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have Unicode names only")
def test_names_that_are_not_valid_unicode(here: Path, small: Path) -> None:
    name = os.fsdecode(b"caf\xe9.wav")
    os.rename(write_tone(here / "x.wav", 0.2), name)
    call("encode", name, "--codec", small)
    (facts,) = results("encode", name, "--codec", small, "--force")
    assert facts["input"] == name


@pytest.mark.skipif(os.name == "nt", reason="Windows names have no line breaks")
def test_a_name_with_a_line_break_is_shown_on_one_line(here: Path, small: Path) -> None:
    Path("a\nb.wav").write_text("not a recording")
    done = call("encode", "a\nb.wav", "--codec", small, code=1)
    assert done.stderr.startswith("error: a b.wav is not") and done.stderr.count("\n") == 1
    write_tone(here / "c\nd.wav", 0.2)
    done = call("encode", "c\nd.wav", "--codec", small)
    assert done.stderr.startswith("c d.wav  0.2 s -> c d.vcb  ") and done.stderr.count("\n") == 1


def test_a_tree_is_recreated_and_can_be_continued(here: Path, small: Path) -> None:
    for name in ("a/one.wav", "b/c/two.flac"):
        write_tone(here / "talks" / name, 0.2)
    call("encode", "talks", "-o", "out", "--codec", small)
    assert sorted(str(p.relative_to("out")) for p in Path("out").rglob("*.vcb")) == [
        str(Path("a/one.vcb")),
        str(Path("b/c/two.vcb")),
    ]
    Path("out/a/one.vcb").unlink()
    kept = Path("out/b/c/two.vcb").stat().st_mtime_ns
    done = call("encode", "talks", "-o", "out", "--skip-existing", "--codec", small)
    assert "1 done, 1 skipped, existing" in done.stderr
    assert Path("out/a/one.vcb").exists() and Path("out/b/c/two.vcb").stat().st_mtime_ns == kept
    call("decode", "out", "-o", "back", "--codec", small)
    assert soundfile.info("back/b/c/two.wav").frames == soundfile.info("talks/b/c/two.flac").frames


def test_endings_are_kept_and_come_back(here: Path, small: Path) -> None:
    for name in ("a.wav", "a.flac"):
        write_tone(here / "talks" / name, 0.2)
    assert "--keep-endings" in call("encode", "talks", "-o", "out", code=2).stderr
    call("encode", "talks", "-o", "out", "--keep-endings", "--codec", small)
    assert sorted(os.listdir("out")) == ["a.flac.vcb", "a.wav.vcb"]
    call("decode", "out", "-o", "back", "--keep-endings", "--codec", small)
    assert [soundfile.info(f"back/a.{kind}").format for kind in ("flac", "wav")] == ["FLAC", "WAV"]


def test_skip_existing_leaves_to_another_run_what_it_is_writing(here: Path, small: Path) -> None:
    for name in ("a.wav", "b.wav"):
        write_tone(here / name, 0.2)
    other = Replacement("a.vcb")
    done = call("encode", "a.wav", "b.wav", "--skip-existing", "--codec", small)
    assert done.stderr.endswith("1 done, 1 skipped, taken by another run\n")
    assert call("encode", "a.wav", "--codec", small, code=1).stderr == (
        "error: a.wav: a.vcb is being written by someone else; wait for them or take another name\n"
    )
    other.discard()


def test_what_a_folder_holds_besides_is_said(here: Path, small: Path) -> None:
    write_tone(here / "talks" / "a.wav", 0.2)
    Path("talks/a.txt").write_text("hello")
    done = call("encode", "talks", "-o", "out", "--codec", small)
    assert done.stderr.splitlines()[1:] == ["left out: 1 .txt"]
    assert call("data", "scan", "talks").stderr.splitlines()[1:] == ["left out: 1 .txt"]


def test_a_folder_that_cannot_be_searched_is_a_failure(
    here: Path, small: Path, unlistable: Callable[[str], None]
) -> None:
    write_tone(here / "talks/a/one.wav", 0.2)
    (here / "talks/b").mkdir()
    unlistable("b")
    done = call("encode", "talks", "-o", "out", "--codec", small, code=1)
    assert done.stderr.startswith(f"error: {Path('talks/b')}: no permission")
    assert done.stderr.endswith("1 done, 1 failed\n") and Path("out/a/one.vcb").exists()


@pytest.mark.parametrize(
    "names", [("a.wav",), ("a.wav", "-o", "out/"), ("--keep-endings", "a.wav")]
)
def test_floats_get_the_ending_of_a_file_that_holds_them(
    here: Path, names: tuple[str, ...]
) -> None:
    codec = Path(__file__).parents[1] / "golden/vibevoice/acoustic"
    write_tone(here / "a.wav", 0.2)
    Path("out").mkdir()
    (facts,) = results("encode", *names, "--codec", codec)
    stem = "a.wav" if "--keep-endings" in names else "a"
    assert facts["output"] == str(Path("out" if "out/" in names else "") / f"{stem}.safetensors")
    (back,) = results("decode", facts["output"], "--codec", codec, "-o", "back.wav")
    assert back["samples"] == 3200
    done = call("encode", "a.wav", "-o", "b.vcb", "--codec", codec, code=1)
    assert "makes floats, which a .vcb does not hold; save them as .safetensors" in done.stderr
    assert not Path("b.vcb").exists()
