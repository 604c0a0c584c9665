"""A target is replaced completely or not at all, whatever happens meanwhile."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from vocable.atomic import Replacement, check_target, new_folder, replacing

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


def test_the_target_appears_at_the_end(tmp_path):
    target = tmp_path / "a.txt"
    with replacing(target) as path:
        path.write_text("new")
        assert path.parent == tmp_path and not target.exists()
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_an_exception_leaves_the_old_content(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(target, overwrite=True) as path:
        path.write_text("new")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_target_that_appears_meanwhile_is_kept(tmp_path):
    target = tmp_path / "a.txt"
    with pytest.raises(FileExistsError, match="a.txt exists"), replacing(target) as path:
        path.write_text("ours")
        target.write_text("theirs")
    assert target.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["a.txt"]


@posix
def test_a_killed_run_leaves_the_old_content_and_the_next_one_cleans_up(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    code = """
        import sys, time
        from vocable.atomic import replacing
        with replacing(sys.argv[1], overwrite=True) as path:
            path.write_text("half")
            print("ready", flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(FileExistsError, match="is being written by someone else; wait"):
            Replacement(target, overwrite=True)
        process.send_signal(signal.SIGKILL)
    assert target.read_text() == "old"
    assert len(os.listdir(tmp_path)) == 2
    with replacing(target, overwrite=True) as path:
        assert path.read_text() == ""
        path.write_text("new")
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


@posix
def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    with replacing(tmp_path / "link.txt", overwrite=True) as path:
        path.write_text("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_what_cannot_be_written_is_refused_before_any_work(tmp_path):
    (tmp_path / "there").touch()
    with pytest.raises(FileExistsError, match=r"take another name, or overwrite=True \(--force\)"):
        check_target(tmp_path / "there")
    check_target(tmp_path / "there", overwrite=True)
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
        check_target(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder .*no; make it first"):
        check_target(tmp_path / "no" / "a")


def test_a_folder_without_rights_is_reported_for_the_target(tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.open", refuse)
    monkeypatch.setattr("vocable.atomic.sys.platform", "linux")
    with pytest.raises(PermissionError) as caught:
        Replacement(tmp_path / "a.txt")
    assert caught.value.filename == str(tmp_path / "a.txt")


def test_a_folder_named_dash_does_not_matter_to_stdout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").mkdir()
    check_target("-")


def test_discard_and_commit_happen_once(tmp_path):
    fresh = Replacement(tmp_path / "a")
    fresh.path.write_text("one")
    fresh.commit()
    second = Replacement(tmp_path / "a", overwrite=True)
    fresh.discard()  # must not remove what the second one writes
    assert second.path.exists()
    second.discard()
    second.discard()
    assert (tmp_path / "a").read_text() == "one"


HALF_WRITTEN = """
    import sys, time
    from vocable.atomic import replacing
    with replacing(sys.argv[1]) as path:
        path.write_text("half")
        print("ready", flush=True)
        time.sleep(60)
"""


def half_written(target):
    """Start a process that has begun to write."""
    command = [sys.executable, "-c", textwrap.dedent(HALF_WRITTEN), str(target)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


@posix
def test_a_write_beside_them_removes_stale_files_and_no_living_ones(tmp_path, monkeypatch):
    monkeypatch.setattr("vocable.atomic._searched", set())
    (tmp_path / ".download.part").write_text("somebody else's")
    (tmp_path / "in").mkdir()
    with half_written(tmp_path / "living") as process:
        with half_written(tmp_path / "killed") as other:
            other.send_signal(signal.SIGKILL)
        assert len(os.listdir(tmp_path)) == 4
        with replacing(tmp_path / "ours") as path:
            path.write_text("new")
            names = sorted(os.listdir(tmp_path))
            assert names == [".download.part", ".living.vocable-part", path.name, "in"]
        process.terminate()
    with replacing(tmp_path / "in" / "other") as path:
        path.write_text("new")
    assert ".living.vocable-part" in os.listdir(tmp_path), "each folder is searched once"


@posix
def test_nothing_is_removed_where_locks_do_not_work(tmp_path, monkeypatch):
    monkeypatch.setattr("vocable.atomic._searched", set())
    (tmp_path / ".other.vocable-part").write_text("may be living")

    def flock(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("vocable.atomic.fcntl.flock", flock)
    with replacing(tmp_path / "ours") as path:
        path.write_text("new")
    assert sorted(os.listdir(tmp_path)) == [".other.vocable-part", "ours"]


@posix
def test_a_target_that_appears_before_the_lock_is_refused_before_work(tmp_path, monkeypatch):
    from vocable import atomic

    once = atomic._create_locked

    def create(path, target):
        (tmp_path / "a").write_text("theirs")
        return once(path, target)

    monkeypatch.setattr(atomic, "_create_locked", create)
    with pytest.raises(FileExistsError, match="a exists"):
        Replacement(tmp_path / "a")
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_appears_at_the_end_or_not_at_all(tmp_path):
    target = tmp_path / "deep" / "folder"
    with pytest.raises(KeyboardInterrupt), new_folder(target) as path:
        (path / "half").write_text("x")
        raise KeyboardInterrupt
    assert not os.listdir(tmp_path / "deep")
    (tmp_path / "deep" / ".folder.unfinished").mkdir()  # of a process that was killed
    (tmp_path / "deep" / ".folder.unfinished" / "half").write_text("x")
    with new_folder(target) as path:
        (path / "whole").write_text("x")
        assert path.parent == target.parent and not target.exists()
    assert os.listdir(target) == ["whole"] and os.listdir(tmp_path / "deep") == ["folder"]
    with pytest.raises(FileExistsError, match="folder exists already"), new_folder(target):
        raise AssertionError
    with pytest.raises(FileExistsError, match="late exists"), new_folder(tmp_path / "late"):
        (tmp_path / "late").mkdir()
    assert sorted(os.listdir(tmp_path)) == ["deep", "late"]


def test_a_folder_is_replaced_once_the_new_one_is_whole(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").write_bytes(b"")
    with pytest.raises(KeyboardInterrupt), new_folder(target, overwrite=True) as path:
        (path / "new").write_bytes(b"")
        raise KeyboardInterrupt
    assert [each.name for each in target.iterdir()] == ["old"]
    with new_folder(target, overwrite=True) as path:
        (path / "new").write_bytes(b"")
    assert [each.name for each in target.iterdir()] == ["new"]
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
