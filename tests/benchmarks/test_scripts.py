"""Each script runs on a small untrained codec and prints a table that ends with its own command."""

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from benchmarks import hard_cases, hearing, levels
from benchmarks.scores import MEASURES
from tests.measures.signals import RATE, noise, voice
from vocable.codecs import build
from vocable.load import save_model
from vocable.testing.codec_examples import filled
from vocable.testing.tiny_configs import transform_tiny
from vocable.units.streaming import StreamingUnits, StreamingUnitsConfig


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


FOLDER = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if "__main__" in path.read_text())


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_explains_its_options(monkeypatch, capsys, name):
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--help"])
    with pytest.raises(SystemExit) as end:
        import_module(f"benchmarks.{name}").main()
    assert not end.value.code and "--help" in capsys.readouterr().out


def table(monkeypatch, capsys, name: str, *options: str) -> tuple[list[list[str]], str]:
    """Run a script; return the rows of its table under the heading, and its last line."""
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *options])
    import_module(f"benchmarks.{name}").main()
    lines = capsys.readouterr().out.splitlines()
    assert f"python -m benchmarks.{name}" in lines[-1]
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]
    return [row for row in rows if not row[0].startswith("-")], lines[-1]


def test_flops(monkeypatch, capsys, codec):
    rows, _ = table(monkeypatch, capsys, "flops", "--codec", codec)
    assert [row[0] for row in rows[1:]] == ["encode", "decode"]
    assert all(float(row[1]) > 0 for row in rows[1:])


def test_speed(monkeypatch, capsys, codec):
    options = ("--codec", codec, "--seconds", "2", "--threads", "1", "--turns", "1")
    rows, _ = table(monkeypatch, capsys, "speed", *options)
    assert rows[1][:2] == ["2", "1"] and float(rows[1][2]) > 0


def test_streaming(monkeypatch, capsys, codec):
    options = ("--codec", codec, "--streams", "1", "3", "--threads", "1", "--calls", "4")
    rows, _ = table(monkeypatch, capsys, "streaming", *options)
    assert [row[0] for row in rows[1:]] == ["1", "3"]
    assert all(float(low) <= float(high) for _, _, _, low, high, *_ in rows[1:])


@pytest.mark.slow
def test_latency_of_the_stream_itself_is_a_frame_and_its_overlap(monkeypatch, capsys, codec):
    options = ("--codec", codec, "--seconds", "1", "--levels", "2")
    rows, _ = table(monkeypatch, capsys, "latency", *options)
    first, own, p50, p99, rate = map(float, rows[1])
    assert (first, own) == (40, 50) and 50 <= p50 <= p99
    assert 1 < rate < 5  # two seconds, and the head


@pytest.mark.slow
def test_concealment(monkeypatch, capsys, codec, data):
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    rows, _ = table(monkeypatch, capsys, "concealment", "--codec", codec, "--data", data)
    assert [row[0] for row in rows[1:]] == ["0 %", "1 %", "3 %", "5 %", "10 %"]
    assert len(set(rows[1][4:])) == 1  # nothing lost: all ways alike


def test_codebooks_counts_the_hours_asked_and_no_more(monkeypatch, capsys, codec, data):
    options = ("--codec", codec, "--data", data, "--hours", str(3 / 3600))
    rows, about = table(monkeypatch, capsys, "codebooks", *options)
    assert [row[1] for row in rows[1:]] == ["prosody", "acoustic", "acoustic", "acoustic"]
    assert "0.001 h, 2 of 2 clips" in about


def test_levels_judges_use_stability_and_what_goes_with_each_level(
    monkeypatch, capsys, codec, data
):
    monkeypatch.setattr(levels, "MEASURES", ("mel_distance_dac",))
    manifest = Path(data) / "manifest.jsonl"
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    spoken = [[n / 5, (n + 1) / 5, "aeio"[n % 4]] for n in range(7)] + [[1.4, 1.5, "h#"]]
    manifest.with_name("phones.jsonl").write_text(
        "\n".join(json.dumps({**row, "phones": spoken}) for row in rows)
    )
    options = (
        "--codec",
        codec,
        "--data",
        data,
        "--phones",
        str(manifest.with_name("phones.jsonl")),
    )
    rows, about = table(monkeypatch, capsys, "levels", *options)
    heads = [row[0] for row in rows if not row[0].isdigit()]
    assert heads[0] == heads[-2] == "level" and "(by chance)" in heads and heads[-1] == "levels"
    told = [row for row in rows if len(row) == 6 and row[0].isdigit() and "%" not in row[5]]
    assert len(told) == 4 and all(0 <= float(cell) <= 1 for row in told for cell in row[1:])
    assert "2 clips" in about


@pytest.mark.slow
def test_units_of_every_row_are_clustered_and_judged(monkeypatch, capsys, data, tmp_path):
    shape = StreamingUnitsConfig(bands=40, channels=32, layers=2, context=20, units=6)
    save_model(StreamingUnits(shape), tmp_path / "run", name="tiny", version="1")
    spoken = [[n / 8, (n + 1) / 8, ("aa", "iy", "s")[n % 3]] for n in range(11)]
    spoken.append([11 / 8, 1.5, "h#"])
    rows = []
    for number, who in enumerate("ppqqpq"):
        path = tmp_path / f"{who}{number}.wav"
        soundfile.write(path, voice(1.5 + 0.02 * number), RATE)
        rows.append({"path": str(path), "speaker": who, "phones": spoken})
    (tmp_path / "phones.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = ["--phones", str(tmp_path / "phones.jsonl"), "--seeds", "2", "--k", "6"]
    options += ["--fit", str(Path(data) / "manifest.jsonl")]
    asked = [f"{name}={tmp_path / 'run'}" for name in ("tiny", "tiny@1")]
    found, about = table(monkeypatch, capsys, "units", *options, *asked)
    names = ["MFCC", "log-mel", "random weights", "tiny", "tiny, own units", "tiny@1"]
    assert [row[0] for row in found] == ["features", *names] * 2
    phones, rest = found[1:7], found[8:]
    assert phones[0][3] == "1.00 [1.00, 1.00]" and rest[0][4] == "1.00"
    assert [row[1] for row in phones] == ["6"] * 6 and rest[4][2] == "–"
    assert " to " in phones[3][2] and " to " not in phones[4][2]
    assert "6 recordings of 2 speakers" in about and "centres of 2 clips" in about


@pytest.mark.slow
def test_forms_of_distillation_are_trained_and_judged(monkeypatch, capsys, data, tmp_path):
    spoken = [[n / 8, (n + 1) / 8, ("aa", "iy", "s")[n % 3]] for n in range(12)]
    rows = []
    for number, who in enumerate("ppqq"):
        path = tmp_path / f"{who}{number}.wav"
        soundfile.write(path, voice(1.5 + 0.02 * number), RATE)
        rows.append({"path": str(path), "speaker": who, "phones": spoken})
    (tmp_path / "phones.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = [str(tmp_path / "runs"), "none", "branch", "--steps", "1"]
    options += ["--data", str(Path(data) / "manifest.jsonl")]
    options += ["--phones", str(tmp_path / "phones.jsonl")]
    found, about = table(monkeypatch, capsys, "distillation", *options)
    assert [row[0] for row in found[1:]] == ["none", "branch"]
    none, branch = found[1:]
    assert none[4] == none[9] == none[11] == "–" and branch[4][-1] == branch[11][-1] == "]"
    assert all(0 <= float(row[6].split()[0]) <= 100 for row in (none, branch))
    assert "4 recordings of 2 speakers with phones, 1 clips, 1 seed" in about
    kept = tmp_path / "runs" / "none-1-0" / "train.int16"
    assert kept.samefile(tmp_path / "runs" / "branch-1-0" / "train.int16")  # decoded once
    again, _ = table(monkeypatch, capsys, "distillation", *options)
    assert again == found


def test_a_step_of_units_is_timed_beside_that_of_a_codec(monkeypatch, capsys, codec):
    monkeypatch.setattr(import_module("benchmarks.unit_speed"), "STEPS", 3)
    options = ("--codec", codec, "--seconds", "2", "--turns", "1")
    rows, about = table(monkeypatch, capsys, "unit_speed", codec, *options)
    assert [row[0] for row in rows[1:]] == ["whole, 2 s: speed", "step of 40 ms: time"]
    assert all(0.2 < float(row[3]) < 5 for row in rows[1:]) and "1 turns, 3 steps" in about


def test_hearing_gives_the_listeners_own_errors_first(monkeypatch, capsys, codec, data):
    monkeypatch.setattr(hearing, "load_recogniser", lambda name: lambda x, rate: "one two")
    vectors = iter(np.eye(9))
    monkeypatch.setattr(hearing, "load_embedding", lambda name: lambda x, rate: next(vectors))
    rows, _ = table(monkeypatch, capsys, "hearing", "--codec", codec, "--data", data)
    assert [row[0] for row in rows] == ["system", "the recordings", codec, "system", codec]
    assert rows[2][3] == "0.0 [0.0, 0.0]" and rows[2][5:] == ["2", "0"]
    assert rows[4][1:] == ["0.000 [0.000, 0.000]", "–", "0", "0"]


def test_content_counts_what_is_called_speech(monkeypatch, capsys, tmp_path):
    speech = Path(__file__).parents[2] / "examples" / "speech.flac"
    for name, source in (("speech", speech), ("other", "noise.wav"), ("brief", "brief.wav")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.jsonl").write_text(json.dumps({"path": str(source)}))
    soundfile.write(tmp_path / "noise.wav", noise(3 * RATE), RATE)
    soundfile.write(tmp_path / "brief.wav", noise(RATE // 2), RATE)
    folders = [str(tmp_path / name) for name in ("speech", "other", "brief")]
    options = ("--speech", folders[0], "--other", folders[1], "--other", folders[2])
    rows, about = table(monkeypatch, capsys, "content", *options)
    assert [row[2:] for row in rows[1:]] == [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"]]
    assert "precision 1.000, recall 1.000 (1 of 1), said of 0 of 1 speech recordings" in about


def test_visqol_meets_the_published_scores_of_the_recordings_that_are_there(monkeypatch, capsys):
    folder = Path(__file__).parents[1] / "measures" / "data"
    rows, about = table(monkeypatch, capsys, "visqol", "--testdata", str(folder), "--turns", "1")
    assert len(rows) == 6 and all(float(row[6]) < 1e-4 for row in rows[1:])
    assert "5 of 21 cases" in about


@pytest.mark.slow
def test_sound(monkeypatch, capsys, data, tmp_path):
    save_model(filled(build("transform", asdict(transform_tiny()))), tmp_path)
    options = ("--codec", str(tmp_path), "--beside", str(tmp_path), "--data", data, "--no-peers")
    rows, _ = table(monkeypatch, capsys, "sound", *options, "--clips", "1")
    assert [row[0] for row in rows[1:5]] == [f"{n} levels" for n in (3, 5, 8, 10)]
    assert [row[0] for row in rows[5:9]] == ["levels", "3 → 5", "5 → 8", "8 → 10"]
    silence = [row for row in rows if row[0] == "silence"]
    assert len(silence) == 3 and all(float(row[4].removesuffix(" dB")) < -40 for row in silence)


def test_hard_cases_are_measured_as_they_say():
    sounds = hard_cases.cases()
    strikes = sounds["castanets"]
    assert hard_cases.added(strikes, 2 * strikes) == pytest.approx(0, abs=0.01)
    assert hard_cases.overshoot(strikes, 2 * strikes) == pytest.approx(6.02, abs=0.01)
    assert hard_cases.pre_echo(strikes, strikes) < -100
    early = np.roll(strikes, -hard_cases.HOLD)
    assert hard_cases.pre_echo(strikes, early) == pytest.approx(0, abs=0.5)


@pytest.mark.slow
def test_memory(monkeypatch, capsys, codec):
    options = ("--codec", codec, "--minutes", "0.1", "--threads", "1")
    rows, _ = table(monkeypatch, capsys, "memory", *options)
    assert [row[0] for row in rows[1:]] == ["load alone", "encode", "encode_to", "decode_to"]


def test_startup_knows_what_was_loaded(monkeypatch, capsys):
    startup = import_module("benchmarks.startup")
    assert "json" in startup.modules("import json") and "json" not in startup.modules("pass")
    rows, _ = table(monkeypatch, capsys, "startup", "--turns", "1")
    assert {row[0]: row[3] for row in rows[1:]} == {
        "python -c pass": "no", "import vocable": "no", "vocable --help": "no"
    }  # fmt: skip


@pytest.mark.slow
def test_quality(monkeypatch, capsys, codec, data, tmp_path):
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    options = ("--codec", codec, "--data", data, "--no-peers", "--json", str(tmp_path / "s.json"))
    rows, _ = table(monkeypatch, capsys, "quality", *options)
    assert rows[0][2:-2] == list(MEASURES)
    assert rows[1][0] == "the clip itself" and rows[1][3].startswith("1.000")
    scores = json.loads((tmp_path / "s.json").read_text())["scores"]
    assert {score["clip"] for score in scores} == {"a.wav", "b.wav"}
    assert sum(score["system"].endswith("levels") for score in scores) == 2 * 3


@pytest.mark.slow
def test_voice(monkeypatch, capsys, codec, data, tmp_path):
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    options = ["--codec", codec, "speech-16k", "--data", data, "--foreign", data, "--music", data]
    options += ["--no-peers", "--turns", "1", "--hour", data, "--hours", str(3 / 3600)]
    kept, scores = tmp_path / "kept.jsonl", tmp_path / "s.json"
    options += ["--keep", str(kept), "--json", str(scores)]
    rows, about = table(monkeypatch, capsys, "voice", *options)
    assert "2 clips of speech, 2 clips of " in about
    levels = [row for row in rows if row[0] == "speech-16k@2, 8 levels" and row[1] == "-30 dB"]
    assert len(levels) == 1 and levels[0][3] in ("0%", "50%", "100%")
    found = json.loads(scores.read_text())["rows"]
    assert len(found) == len(kept.read_text().splitlines())
    before = kept.read_text()
    table(monkeypatch, capsys, "voice", *options)
    assert kept.read_text() == before  # nothing is computed twice


@pytest.mark.parametrize("listener", ["words", "speaker"])
def test_voice_names_the_packages_that_are_not_installed(monkeypatch, capsys, listener):
    listeners = import_module("benchmarks.listeners")
    monkeypatch.setitem(listeners.PACKAGES, listener, ("json", "no_such_package"))
    options = ["voice.py", "--data", "x", "--no-peers", f"--{listener}"]
    monkeypatch.setattr(sys, "argv", options)
    with pytest.raises(SystemExit, match="2"):
        import_module("benchmarks.voice").main()
    assert f"--{listener} needs no_such_package" in capsys.readouterr().err
