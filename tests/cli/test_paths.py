"""Which output each input gets, and what is refused before any work."""

import os
import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable.cli.errors import Refusal
from vocable.cli.paths import (
    Job,
    check_endings,
    plan,
    with_ending,
    with_second_ending,
    without_second_ending,
)

KEEPING = partial(with_second_ending, ".vcb")
ENCODE = {
    "rename": partial(with_ending, ".vcb"),
    "keep_ending": KEEPING,
    "collect": (".wav", ".flac"),
}


@pytest.fixture
def talks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with talks/{a/one.wav, b/one.flac, b/two.wav, note.txt}."""
    for name in ("talks/a/one.wav", "talks/b/one.flac", "talks/b/two.wav", "talks/note.txt"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pairs(*inputs: str, out: str | None = None, **more: bool) -> list[tuple[str, str]]:
    """Plan an encode; return (source, target) of each job."""
    jobs = plan(inputs, out, **ENCODE, **more).jobs
    return [(job.source, job.target.replace(os.sep, "/")) for job in jobs]


def test_output_lies_beside_its_input(talks: Path) -> None:
    assert pairs("talks/a/one.wav", "talks/b/two.wav") == [
        ("talks/a/one.wav", "talks/a/one.vcb"),
        ("talks/b/two.wav", "talks/b/two.vcb"),
    ]


def test_one_input_takes_the_name_it_is_given(talks: Path) -> None:
    assert pairs("talks/a/one.wav", out="x.npz") == [("talks/a/one.wav", "x.npz")]


def test_one_input_may_go_to_a_folder(talks: Path) -> None:
    assert pairs("talks/a/one.wav", out="talks/b") == [("talks/a/one.wav", "talks/b/one.vcb")]
    assert pairs("talks/a/one.wav", out="new/") == [("talks/a/one.wav", "new/one.vcb")]


def test_tree_is_recreated_below_the_common_folder(talks: Path) -> None:
    targets = ["out/a/one.vcb", "out/b/one.vcb", "out/b/two.vcb"]
    assert [target for _, target in pairs("talks", out="out")] == targets
    assert [target for _, target in pairs("talks/a", "talks/b", out="out")] == targets
    files = ("talks/a/one.wav", "talks/b/one.flac", "talks/b/two.wav")
    assert [target for _, target in pairs(*files, out="out")] == targets


def test_stdin_becomes_stdout(talks: Path) -> None:
    assert pairs("-") == [("-", "-")]
    assert pairs("-", out="x.vcb") == [("-", "x.vcb")]


def test_skip_existing_skips_inputs_with_an_output(talks: Path) -> None:
    Path("talks/b/two.vcb").write_bytes(b"")
    found = plan(("talks/b/two.wav", "talks/a/one.wav"), None, **ENCODE, skip_existing=True)
    assert found.jobs == [Job("talks/a/one.wav", "talks/a/one.vcb")]
    assert found.skipped == 1


def refused(*inputs: str, out: str | None = None, **more: bool) -> str:
    with pytest.raises(Refusal) as caught:
        pairs(*inputs, out=out, **more)
    assert caught.value.exit_code == 2
    return caught.value.format_message()


def test_collisions_are_refused_by_name(talks: Path) -> None:
    message = refused("talks/b", "talks/b/one.flac", out="out")
    assert "talks/b/one.flac" in message and "would all become" in message
    Path("talks/b/one.wav").write_bytes(b"x")
    message = refused("talks/b/one.wav", "talks/b/one.flac")
    assert message.startswith("talks/b/one.wav, talks/b/one.flac would all become talks/b/one.vcb")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_to_the_input_is_refused_as_output(talks: Path) -> None:
    os.symlink("one.wav", "talks/a/link.vcb")
    message = refused("talks/a/one.wav", out="talks/a/link.vcb", force=True)
    assert "both input and output" in message


def test_existing_outputs_are_refused_unless_forced(talks: Path) -> None:
    Path("talks/b/two.vcb").write_bytes(b"")
    assert "talks/b/two.vcb exists already; --force" in refused("talks/b/two.wav")
    assert pairs("talks/b/two.wav", force=True) == [("talks/b/two.wav", "talks/b/two.vcb")]


@pytest.mark.parametrize(
    ("inputs", "out", "words"),
    [
        (("gone.wav", "talks/a/one.wav"), None, "no such file: gone.wav"),
        (("talks",), None, "talks is a folder; name the folder for its results: -o FOLDER"),
        (("talks/a/one.wav",), "no/x.vcb", "the folder no does not exist"),
        (("talks/a/one.wav", "talks/b/two.wav"), "no/out", "the folder no does not exist"),
        (("talks/a/one.wav", "talks/b/two.wav"), "all.vcb", "several inputs need a folder"),
        (("talks/a/one.wav", "talks/b/two.wav"), "talks/note.txt", "is a file"),
        (("talks/a/one.wav", "talks/b/two.wav"), "-", "which is stdout"),
        (("talks/a/one.wav", "-"), "talks", "can be the only input"),
    ],
)
def test_calls_that_cannot_work(
    talks: Path, inputs: tuple[str, ...], out: str | None, words: str
) -> None:
    assert words in refused(*inputs, out=out)


def test_a_folder_without_recordings(talks: Path) -> None:
    Path("empty").mkdir()
    assert "no file ending in .wav, .flac in empty" in refused("empty", out="out")


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs /dev/null")
def test_a_device_may_exist_and_have_any_ending(talks: Path) -> None:
    assert pairs("talks/a/one.wav", out="/dev/null") == [("talks/a/one.wav", "/dev/null")]
    check_endings(["/dev/null", "-", "x.vcb"], (".vcb",))
    with pytest.raises(Refusal, match="x.wav: its ending must be one of .vcb"):
        check_endings(["x.wav"], (".vcb",))


def test_a_file_named_dash_does_not_matter_to_stdout(talks: Path) -> None:
    Path("-").mkdir()
    assert pairs("talks/a/one.wav", out="-") == [("talks/a/one.wav", "-")]
    Path("-").rmdir()
    Path("-").touch()
    for options in ({}, {"force": True}, {"skip_existing": True}):
        assert pairs("talks/a/one.wav", out="-", **options) == [("talks/a/one.wav", "-")]


def test_a_folder_that_cannot_be_searched_is_in_the_plan(
    talks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = os.scandir

    def scandir(path: str) -> object:
        if path == os.path.join("talks", "b"):
            raise PermissionError(13, "Permission denied", path)
        return once(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = plan(("talks",), "out", **ENCODE)
    assert [job.source for job in found.jobs] == [os.path.join("talks", "a", "one.wav")]
    assert [error.filename for error in found.unread] == [os.path.join("talks", "b")]


def test_a_named_pipe_goes_to_stdout(talks: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs named pipes")
    os.mkfifo("talks/pipe")
    assert pairs("talks/pipe") == [("talks/pipe", "-")]


def test_force_and_skip_existing_contradict(talks: Path) -> None:
    assert "give one of them" in refused("talks/a/one.wav", force=True, skip_existing=True)


NAMES = st.text("abc", min_size=1, max_size=2)
TREES = st.sets(st.lists(NAMES, min_size=1, max_size=3).map(tuple), min_size=1, max_size=6)


@settings(deadline=None, max_examples=25)
@given(paths=TREES)
def test_any_tree_is_recreated(paths: set[tuple[str, ...]]) -> None:
    files = {"/".join(path) + ".wav" for path in paths}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for file in files:
            (root / "in" / file).parent.mkdir(parents=True, exist_ok=True)
            (root / "in" / file).write_bytes(b"x")
        jobs = plan((str(root / "in"),), str(root / "out"), **ENCODE).jobs
        found = {(job.source, job.target) for job in jobs}
        assert found == {
            (str(root / "in" / file), str((root / "out" / file).with_suffix(".vcb")))
            for file in files
        }
        assert len(jobs) == len(files)


def test_endings_can_be_kept(talks: Path) -> None:
    Path("talks/b/one.wav").write_bytes(b"x")
    files = ("talks/b/one.wav", "talks/b/one.flac")
    assert "--keep-endings keeps them apart" in refused(*files)
    assert "give each its -o" in refused("talks/b/one.wav", "talks/b/one.wav")
    keep = {**ENCODE, "rename": KEEPING}
    targets = [job.target for job in plan(files, None, **keep).jobs]
    assert targets == ["talks/b/one.wav.vcb", "talks/b/one.flac.vcb"]
    assert [job.target for job in plan(("-",), "talks", **keep).jobs] == [
        os.path.join("talks", "stdin.vcb")
    ]


def test_keeping_endings_is_advised_only_where_it_helps(talks: Path) -> None:
    for name in ("talks/one.npy", "talks/one.vcb"):
        Path(name).write_bytes(b"x")
    back = partial(without_second_ending, (".wav", ".flac"))
    decode = {"rename": partial(with_ending, ".wav"), "keep_ending": back, "collect": (".vcb",)}
    for rename in (decode["rename"], back):
        with pytest.raises(Refusal, match=r"would all become talks.one.wav; give each its -o"):
            plan(("talks/one.npy", "talks/one.vcb"), None, **{**decode, "rename": rename})


@pytest.mark.parametrize(
    ("tokens", "sound"),
    [("a/b.flac.vcb", "a/b.flac"), ("b.M4A.vcb", "b.M4A.wav"), ("b.vcb", "b.wav"), ("-", "-.wav")],
)
def test_endings_come_back(tokens: str, sound: str) -> None:
    assert without_second_ending((".wav", ".flac"), tokens) == sound


def test_what_a_folder_holds_besides_is_in_the_plan(talks: Path) -> None:
    assert plan(("talks",), "out", **ENCODE).left_out == "1 .txt"
    Path("notes").mkdir()
    Path("notes/a.txt").write_bytes(b"x")
    assert plan(("talks", "notes"), "out", **ENCODE).left_out == "2 .txt"
    assert refused("notes", out="out").endswith(" in notes, which holds 1 .txt")


def test_inputs_on_several_drives_are_refused(talks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def commonpath(_: object) -> str:
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr(os.path, "commonpath", commonpath)
    assert "lie on several drives" in refused("talks/a", "talks/b", out="out")
