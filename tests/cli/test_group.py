"""The command as a whole: fast help, exit codes, and one line for each error."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from vocable.cli import group
from vocable.cli.exit_codes import CLOSED_PIPE, INTERRUPTED, TERMINATED
from vocable.cli.group import COMMANDS, commands
from vocable.errors import AudioError

PROGRAM = [sys.executable, "-c", "from vocable.cli import main; main()"]


def call(*args: str) -> Result:
    return CliRunner().invoke(commands, list(args), prog_name="vocable")


def called(*args: str, **settings: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*PROGRAM, *args], capture_output=True, text=True, timeout=60, **settings)


def test_every_command_has_help() -> None:
    listing = call("--help")
    assert listing.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in listing.output
        assert call(name, "--help").exit_code == 0


def test_help_loads_neither_torch_nor_numpy() -> None:
    code = (
        "import sys\nfrom vocable.cli.group import commands\n"
        "try: commands.main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'numpy', 'rich', 'soundfile'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize(
    "name", ["encode", "decode", "roundtrip", "info", "convert", "train codec"]
)
def test_what_cannot_work_is_refused_without_torch(name: str) -> None:
    more = {"roundtrip": ["-o", "y.wav"], "convert": ["--voice", "nothing"]}.get(name, [])
    wanted = ["--recipe", "nothing", "--data", __file__] if "train" in name else ["nothing", *more]
    code = (
        "import sys\nfrom vocable.cli.group import commands\n"
        "try: commands.main(sys.argv[1:])\n"
        "except SystemExit as end: assert end.code == 2\n"
        "assert 'torch' not in sys.modules\n"
    )
    line = [sys.executable, "-c", code, *name.split(), *wanted]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_help_is_instant() -> None:
    def once() -> float:
        """Return the processor time: other tests run at the same time, so the clock shows more."""
        before = os.times()
        called("--help")
        after = os.times()
        return sum(after[2:4]) - sum(before[2:4])

    best = min(once() for _ in range(5))
    assert best <= 0.4, f"vocable --help took {best:.2f} s"


@pytest.mark.parametrize("args", [[], ["stream"], ["train"]])
def test_a_call_without_arguments_shows_help(args: list[str]) -> None:
    done = call(*args)
    assert done.exit_code == 2 and done.stdout == ""
    assert done.stderr.startswith("Usage: vocable") and "Commands:" in done.stderr


def test_version() -> None:
    import vocable

    assert call("--version").output == f"vocable {vocable.__version__}\n"


@pytest.mark.parametrize(
    "args",
    [["encode", "--colour", "x.wav"], ["encoed"], ["roundtrip", "x.wav"], ["completion", "ksh"]],
)
def test_a_wrong_call_is_one_line_and_code_2(args: list[str]) -> None:
    done = call(*args)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "--help" in done.stderr


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Make `vocable models` raise the exception that a test puts into this list."""
    raised: list[BaseException] = []

    @click.command("models")
    def command() -> None:
        raise raised[0]

    monkeypatch.setattr(group.Commands, "get_command", lambda *_: command)
    return raised


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (AudioError("x.wav is\nempty"), 1, "error: x.wav is empty\n"),
        (OSError(28, "No space left on device", "x.vcb"), 1, "error: x.vcb: the disk is full"),
        (PermissionError(13, "Permission denied", "x.vcb"), 1, "error: x.vcb: no permission"),
        (MemoryError(), 1, "error: out of memory; "),
        (KeyError("oops"), 1, "error: this is a bug in vocable: KeyError: 'oops'"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
    ],
)
def test_every_error_is_one_line(
    failing: list[BaseException], error: BaseException, code: int, words: str
) -> None:
    failing.append(error)
    done = call("models")
    assert done.exit_code == code
    assert done.stderr.lstrip().startswith(words) if words else done.stderr == ""
    assert done.stderr.strip().count("\n") == 0


def test_debug_shows_where(failing: list[BaseException]) -> None:
    failing.append(KeyError("oops"))
    done = call("--debug", "models")
    assert "Traceback" in done.stderr and "raise raised[0]" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    done = call("completion", shell)
    assert done.exit_code == 0
    assert "_VOCABLE_COMPLETE" in done.output


def test_completion_completes() -> None:
    asked = {"_VOCABLE_COMPLETE": "bash_complete", "COMP_WORDS": "vocable enc", "COMP_CWORD": "1"}
    code = "import sys; sys.argv[0] = 'vocable'\nfrom vocable.cli import main; main()"
    environment = {**os.environ, **asked}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.stdout.strip() == "plain,encode"


@pytest.mark.parametrize(
    "words",
    [
        "vocable encode s",
        "vocable decode s",
        "vocable info s",
        "vocable roundtrip s",
        "vocable encode s.wav -o s",
        "vocable decode s.vcb --codec s",
        "vocable roundtrip s.wav --tokens s",
        "vocable roundtrip s.wav --report s",
    ],
)
def test_file_names_are_completed_by_the_shell(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    done = CliRunner(env={"_VOCABLE_COMPLETE": "bash_complete"}).invoke(
        commands, [], prog_name="vocable", complete_var="_VOCABLE_COMPLETE"
    )
    assert done.output.strip() == "file,s"


@pytest.mark.skipif(os.name == "nt", reason="closed pipes differ on Windows")
def test_a_closed_pipe_is_quiet() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (CLOSED_PIPE, "")


CLOSING = "import os, sys; os.close({}); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"


def with_closed(number: int, *args: str) -> "subprocess.CompletedProcess[str]":
    """Call vocable with stdin (0), stdout (1) or stderr (2) closed."""
    line = [sys.executable, "-c", CLOSING.format(number), *PROGRAM[1:], *args]
    return subprocess.run(line, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="closed streams differ on Windows")
def test_closed_streams_are_empty_or_refused() -> None:
    nothing = with_closed(0, "info", "-")
    assert nothing.returncode == 1 and "stdin" in nothing.stderr
    assert "empty" in nothing.stderr and "bug" not in nothing.stderr
    refused = with_closed(1, "stream", "encode")
    assert (refused.returncode, refused.stderr) == (
        2,
        "error: stdout is closed; use -o FILE or a pipe\n",
    )
    assert with_closed(1, "info", "speech-16k").returncode == 0
    silent = with_closed(2, "info", "gone")
    assert (silent.returncode, silent.stdout) == (2, "")


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_ctrl_c_during_the_imports() -> None:
    code = (
        "import importlib.abc, signal, sys\n"
        "class Interrupt(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, *where):\n"
        "        if name == 'click': signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
    )
    line = [sys.executable, "-c", code + PROGRAM[-1], "--help"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "stopped\n")


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_sigterm_leaves_no_temporary_files(tmp_path: Path) -> None:
    code = "from vocable.cli import main; print('ready', flush=True); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "info", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 30
    while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tmp_path.iterdir())  # it waits for stdin
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (TERMINATED, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_ctrl_c_ends_with_130() -> None:
    code = "from vocable.cli import main; print('ready', flush=True); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "info", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.5)  # from here on it waits for stdin
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr.strip()) == (INTERRUPTED, "stopped")


@pytest.mark.parametrize(
    "page",
    [
        "cp437",
        *(pytest.param(page, marks=pytest.mark.slow) for page in ("utf-8", "cp1251", "koi8-r")),
    ],
)
def test_every_code_page_can_be_printed(page: str, here: Path, speech: Path) -> None:
    name = os.fsdecode("größe.wav".encode()) if os.name == "nt" else "größe\udce9.wav"
    os.rename(speech, name)
    environment = {**os.environ, "PYTHONIOENCODING": page}
    for args in (["models"], ["info", name], ["encode", name, "-o", "x.vcb", "--threads", "1"]):
        done = subprocess.run(
            [*PROGRAM, *args], capture_output=True, env=environment, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        printed = done.stdout + done.stderr
    real_time = "× real time" if page == "utf-8" else "x real time"
    assert real_time.encode(page) in printed
    shown = "größe" if page in ("cp437", "utf-8") else "gr\\xf6\\xdfe"
    assert printed.startswith(shown.encode(page))


def test_another_choice_of_the_user_stays(here: Path, speech: Path, small: Path) -> None:
    assert call("encode", "speech.wav", "--codec", str(small)).exit_code == 0
    for choice, shown in (("cp1251", b"25 frames x 4"), ("cp1251:replace", b"25 frames ? 4")):
        environment = {**os.environ, "PYTHONIOENCODING": choice}
        line = [*PROGRAM, "info", "speech.vcb"]
        done = subprocess.run(line, capture_output=True, env=environment, timeout=60, check=False)
        assert shown in done.stdout
