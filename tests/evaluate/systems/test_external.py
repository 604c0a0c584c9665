"""A command that is judged: what it gets and gives, how it fails, and that it can be killed."""

import os
import pickle
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from tests.evaluate.sweep.fakes import write_clip
from tests.evaluate.systems.examples import check_keeps, made, recording
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate.recording import Recording
from vocable.evaluate.sweep import sweep
from vocable.evaluate.systems import External, System
from vocable.evaluate.systems.commands import last_line

PYTHON = Path(sys.executable).as_posix()


def script(folder: Path, text: str, arguments: str = "{in} {out}") -> External:
    """Return a command that runs Python text, whose arguments are files."""
    path = folder / "coder.py"
    path.write_text(f"import shutil, sys, time\nsource, *targets = sys.argv[1:]\n{text}\n")
    return External.of(f"mine='{PYTHON}' '{path.as_posix()}' {arguments}")


COPY = "shutil.copy(source, targets[-1])"


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (44100, 2)])
def test_what_a_program_copies_comes_back_to_24_bits(tmp_path: Path, rate, channels):
    system = script(tmp_path, COPY)
    assert isinstance(system, System) and system.name == system.family == "mine"
    x = recording(rate, channels)
    found = check_keeps(system, x)
    assert np.abs(found.audio.samples - x.audio.samples).max() <= 2**-23
    assert found.bits is None and found.tokens is None


def test_it_gets_a_wav_of_24_bits_that_clips(tmp_path: Path):
    kept = tmp_path / "kept.wav"
    system = script(tmp_path, f"shutil.copy(source, {str(kept)!r})\n{COPY}")
    loud = Audio(np.array([[0.5, 1.5, -1.5]], np.float32), 8000)
    made(system, Recording("loud", loud))
    info = soundfile.info(kept)
    assert (info.format, info.subtype, info.samplerate) == ("WAV", "PCM_24", 8000)
    assert soundfile.read(kept)[0] == pytest.approx([0.5, 1, -1], abs=1e-6)


def test_what_lies_between_is_counted_and_two_programs_are_joined(tmp_path: Path):
    coder, python = (tmp_path / "coder.py").as_posix(), PYTHON
    script(tmp_path, COPY)
    x = recording()
    text = f"two='{python}' '{coder}' {{in}} {{coded}} && '{python}' '{coder}' {{coded}} {{out}}"
    found = made(External.of(text), x)
    assert found.audio.samples.shape == x.audio.samples.shape
    assert found.bits == 8 * (44 + 3 * len(x.audio) + 1)  # chunks are of even size


def test_rate_channels_and_length_are_the_programs_own(tmp_path: Path):
    text = "import numpy, soundfile\nsoundfile.write(targets[0], numpy.zeros((5, 2)) + 0.1, 22050)"
    audio = made(script(tmp_path, text), recording()).audio
    assert (audio.rate, audio.samples.shape) == (22050, (2, 5))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sys.exit(3)", r"failed with exit code 3$"),
        ("sys.exit('not\\ntoday\\n\\n')", r"failed with exit code 1: today$"),
        (
            "raise ValueError('no such codec')",
            r"failed with exit code 1: ValueError: no such codec$",
        ),
        ("sys.stderr.buffer.write(b'\\xff\\x1b[1mred\\rgreen'); sys.exit(2)", r"2: green$"),
        ("", r"^the command ended well but wrote no \{out\}$"),
        ("open(targets[0], 'w').write('noise')", r"^\{out\} is not "),
        ("import soundfile; soundfile.write(targets[0], [], 8000)", r"^\{out\} has a header but"),
        (
            "import soundfile; soundfile.write(targets[0], [float('nan')] * 9, 8000, 'FLOAT')",
            r"^\{out\}: sample 0 \(0.000 s\) of channel 0 is nan",
        ),
    ],
)
def test_programs_that_fail_say_why_in_one_line(tmp_path: Path, text, reason):
    with pytest.raises(MeasureError, match=reason) as raised:
        made(script(tmp_path, text), recording())
    assert "\n" not in str(raised.value) and str(tmp_path / "in.wav") not in str(raised.value)


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_a_program_that_dies_of_a_signal_says_of_which(tmp_path: Path):
    system = script(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(MeasureError, match=r"was ended by SIGSEGV$"):
        made(system, recording())


def test_a_missing_between_and_a_missing_program_are_told(tmp_path: Path):
    with pytest.raises(MeasureError, match=r"^the command ended well but wrote no \{coded\}$"):
        made(script(tmp_path, COPY, "{in} {coded} {out}"), recording())
    with pytest.raises(MeasureError, match=r"^no-such-coder is not here; install it, or give its"):
        made(External.of("no-such-coder {in} {out}"), recording())


def test_what_a_program_prints_is_not_shown(tmp_path: Path, capfd):
    made(script(tmp_path, f"print('out'); print('err', file=sys.stderr)\n{COPY}"), recording())
    assert capfd.readouterr() == ("", "")


def test_a_program_that_hangs_is_killed_with_what_it_started(tmp_path: Path):
    mark = f"mark-{os.getpid()}-{time.time_ns()}"
    text = f"""import subprocess
subprocess.run([sys.executable, "-c", "import time; time.sleep(600)", {mark!r}])"""
    system = script(tmp_path, text)
    study = sweep([system], [write_clip(tmp_path, "a")], tmp_path / "out", measures=[], limit=3.0)
    assert [each.fault for each in study.results] == ["took longer than 3 s"]
    assert not gone_after_a_while(mark)


def gone_after_a_while(mark: str) -> list[int]:
    """Return the processes that are still there after at most five seconds."""
    for _ in range(50):
        found = [p.pid for p in psutil.process_iter() if mark in words(p)]
        if not found:
            break
        time.sleep(0.1)
    return found


def words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.parametrize(
    ("text", "name", "command"),
    [
        ("mine=enc {in} {out}", "mine", "enc {in} {out}"),
        ("/opt/bin/enc.sh {in} {out}", "enc", "/opt/bin/enc.sh {in} {out}"),
        ("enc --rate=3 {in} {out}", "enc", "enc --rate=3 {in} {out}"),
        ("a-1=enc --in={in} --out={out}", "a-1", "enc --in={in} --out={out}"),
    ],
)
def test_a_name_may_stand_before_the_command(text, name, command):
    found = External.of(text)
    assert (found.name, found.command) == (name, command)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("enc {in}", r"^enc: the command has no \{out\}; wanted 'NAME=CMD \{in\} \{out\}'$"),
        ("x=enc a b", r"^x: the command has no \{in\}; wanted"),
        ("x=enc 'a {in} {out}", r"no closing quotation; close the quote$"),
        ("", r"^the command is empty; wanted 'NAME=CMD \{in\} \{out\}'$"),
        ("x=enc {in} && ", r"^x: the command lacks a program; wanted"),
    ],
)
def test_commands_that_cannot_work_are_refused_at_once(text, reason):
    with pytest.raises(MeasureError, match=reason):
        External.of(text)


def test_identity_is_the_command_and_the_files_that_it_names(tmp_path: Path):
    system = script(tmp_path, COPY)
    before = system.identity("a")
    assert before == system.identity("b") == pickle.loads(pickle.dumps(system)).identity("a")
    assert len(before["files"]) == 2  # Python and the script
    other = External("mine", f"{system.command} --slow")
    assert other.identity("a") != before
    assert script(tmp_path, "pass  # edited").identity("a") != before


def test_what_does_not_run_in_a_shell_means_nothing_special(tmp_path: Path):
    system = script(
        tmp_path,
        f"assert targets[:2] == ['$HOME; a', '>x'], targets\n{COPY}",
        "{in} '$HOME; a' '>x' {out}",
    )
    assert made(system, recording()).audio.rate == 16000


def test_the_last_line_is_short_and_can_be_printed():
    assert last_line(b"") == last_line(b" \n\r\n") == ""
    assert last_line(b"one\n two \n\n") == "two"
    assert len(last_line(b"x" * 1000)) == 200
