"""dev.py and the pinned versions: what a fresh clone depends on."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture
def dev():
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_a_verb_it_lists_them():
    done = subprocess.run([sys.executable, "dev.py"], cwd=ROOT, capture_output=True, text=True)
    verbs = re.findall(r"^  (\S+)", done.stdout, re.M)
    assert verbs == [
        "setup", "demo", "test", "test-all", "check", "parity", "readers", "bench", "docs",
    ]  # fmt: skip
    assert done.returncode == 0


def test_an_unknown_verb_is_a_wrong_call():
    command = [sys.executable, "dev.py", "tset"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert 'no verb "tset"' in done.stderr


def test_an_unknown_benchmark_is_named(dev, monkeypatch):
    monkeypatch.setattr(dev, "setup", lambda: 0)
    with pytest.raises(dev.Failed, match="no benchmark fast; there are"):
        dev.bench(["fast"])


def test_benchmarks_that_need_recordings_run_only_when_named(dev, monkeypatch, capsys):
    ran = []
    monkeypatch.setattr(dev, "setup", lambda: 0)
    monkeypatch.setattr(dev, "run", lambda *command: ran.append(command[2:]) or 0)
    assert dev.bench([]) == 0
    left_out = capsys.readouterr().err
    assert "sound" in left_out and ("benchmarks.sound",) not in ran
    assert ("benchmarks.startup",) in ran and "startup" not in left_out
    dev.bench(["voice", "--data", "clips"])
    assert ran[-1] == ("benchmarks.voice", "--data", "clips")


@pytest.mark.parametrize(
    ("found", "kept"), [("2.5.0", True), ("2.13.0+cpu", True), ("2.4.1", False), (None, False)]
)
def test_a_torch_that_is_new_enough_is_kept_in_the_users_environment(
    dev, monkeypatch, tmp_path, found, kept
):
    def version(name):
        if found is None:
            raise dev.importlib.metadata.PackageNotFoundError
        return found

    monkeypatch.setattr(dev, "environment", lambda: tmp_path)
    monkeypatch.setattr(dev.importlib.metadata, "version", version)
    pins = dev.write_pins(tmp_path / "pins").read_text()
    assert pins == (f"torch=={found}\n" if kept else "torch==2.13.0\n")


def test_an_incomplete_environment_is_made_again(dev, tmp_path):
    assert not dev.venv_is_usable(tmp_path)
    for path in (dev.inside(tmp_path, "python"), tmp_path / "pyvenv.cfg"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"version = {dev.VERSION}.0\n")
    assert not dev.venv_is_usable(tmp_path)  # pip is installed last
    dev.inside(tmp_path, "pip").touch()
    assert dev.venv_is_usable(tmp_path)


def test_parity_runs_in_an_environment_of_its_own(dev, monkeypatch):
    ran = []
    monkeypatch.setattr(dev, "environment", lambda: dev.VENV)
    monkeypatch.setattr(dev, "venv_is_usable", lambda folder: False)
    monkeypatch.setattr(dev, "make_venv", lambda folder: ran.append(folder))
    monkeypatch.setattr(dev, "run", lambda *command, **variables: ran.append(command) or 0)
    assert dev.parity(["-k", "dac"]) == 0
    python = str(dev.inside(dev.PARITY, "python"))
    assert ran == [dev.PARITY, (python, "dev.py", "parity", "-k", "dac")]


def test_parity_wants_every_peer_and_every_test(dev, monkeypatch):
    ran = []
    monkeypatch.setattr(dev, "environment", lambda: dev.PARITY)
    monkeypatch.setattr(dev, "setup", lambda: 0)
    monkeypatch.setattr(dev, "run", lambda *command, **variables: ran.append((command, variables)))
    dev.parity([])
    dev.parity(["tests/parity/test_dac.py", "-x"])
    dev.parity(["--table", "-k", "toy"])
    assert all(variables["VOCABLE_PARITY"] == "all" for _, variables in ran)
    assert ran[0][0][-3:] == ("-m", "slow or not slow", "tests/parity")
    assert ran[1][0][-3:] == ("slow or not slow", "tests/parity/test_dac.py", "-x")
    assert ran[2][0][-3:] == ("benchmarks.parity", "-k", "toy")


def test_peers_are_pinned_and_agree_with_the_projects_pins():
    def pins(path):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
        return dict(line.lower().split("==") for line in lines)

    ours, peers = pins(ROOT / "constraints.txt"), pins(ROOT / "tests/parity/requirements.txt")
    assert all(ours.get(name, version) == version for name, version in peers.items())
    assert "torch" not in peers and "torchaudio" not in peers


def test_our_own_environment_gets_all_pinned_versions(dev, monkeypatch, tmp_path):
    monkeypatch.setattr(dev, "environment", lambda: dev.VENV)
    assert dev.write_pins(tmp_path / "pins").read_text() == (ROOT / "constraints.txt").read_text()


def test_every_required_package_is_pinned_once_to_a_version():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    pinned = [re.sub(r"[-_.]+", "-", pin.partition("==")[0]).lower() for pin in pins]
    assert len(set(pinned)) == len(pinned)
    asked = [*PROJECT["dependencies"], *sum(PROJECT["optional-dependencies"].values(), [])]
    names = {re.match(r"[\w.-]+", name)[0].lower().replace("_", "-") for name in asked}
    assert names - {"vocable"} <= set(pinned)


BOUND_ABOVE = ["setuptools>=77,<82"]  # findings/webrtcvad-setuptools.sh


def test_requirements_have_a_lower_bound_and_no_upper_one():
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *sum(extras.values(), [])]
    assert [each for each in asked if "<" in each] == BOUND_ABOVE
    for requirement in set(asked) - set(BOUND_ABOVE):
        assert re.fullmatch(r"[\w-]+(\[\w+\])?>=[\d.]+|vocable\[[\w,]+\]", requirement)


def test_the_core_needs_no_compiler():
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["all"]]
    assert not any("pesq" in requirement for requirement in asked)


@pytest.mark.parametrize(
    ("platform", "driver", "reached", "asked"),
    [
        ("linux", None, True, ["cpu"]),
        ("linux", None, False, ["cpu", "usual"]),
        ("linux", "/usr/bin/nvidia-smi", True, ["usual"]),
        ("darwin", None, True, ["usual"]),  # torch has no CUDA there
    ],
)
def test_torch_comes_without_cuda_where_there_is_no_driver(
    dev, monkeypatch, tmp_path, platform, driver, reached, asked
):
    ran = []

    def build(pins, *what):
        ran.append("cpu" if dev.CPU_BUILDS in what else "other")
        return reached

    monkeypatch.setattr(dev.sys, "platform", platform)
    monkeypatch.setattr(dev.shutil, "which", lambda name: driver)
    monkeypatch.setattr(dev, "install_if_possible", build)
    monkeypatch.setattr(dev, "install", lambda pins, *what: ran.append("usual"))
    dev.install_torch(tmp_path / "pins")
    assert ran == asked


def test_readers_run_in_an_environment_of_their_own(dev, monkeypatch):
    ran = []
    monkeypatch.setattr(dev, "venv_is_usable", lambda folder: True)
    monkeypatch.setattr(dev, "run", lambda *command, **variables: ran.append((command, variables)))
    dev.readers(["-k", "mds"])
    python = str(dev.inside(dev.READERS, "python"))
    assert ran.pop() == ((python, "dev.py", "readers", "-k", "mds"), {})
    monkeypatch.setattr(dev, "environment", lambda: dev.READERS)
    monkeypatch.setattr(dev, "setup", lambda: 0)
    dev.readers(["-x"])
    ((command, variables),) = ran
    assert command[-2:] == ("tests/corpus/readers", "-x")
    assert variables["VOCABLE_READERS"] == "all"
