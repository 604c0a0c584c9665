"""What an exported folder says, when it is refused, and what happens to what is there."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

import vocable
from tests.cli.calls import call, results
from vocable.codecs import Codec
from vocable.errors import ModelError
from vocable.export import export, folder
from vocable.export.checking import Agreement
from vocable.load import save_model
from vocable.testing.codec_examples import small_codec, voice


@pytest.fixture(scope="module")
def plain() -> Codec:
    return small_codec("plain")


@pytest.fixture(scope="module")
def saved(plain, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "plain"
    save_model(plain.model, path, facts={"licence": "CC0"})
    return path


@pytest.fixture(scope="module")
def called(saved, tmp_path_factory):
    """What the command says of its folder, and the folder."""
    out = tmp_path_factory.mktemp("called") / "out"
    (facts,) = results("export", saved, out, "--to", "torch")
    return facts, out


@pytest.fixture
def unrecorded(monkeypatch):
    """Write a line where a program would be, which takes seconds, and compare nothing."""
    writer = SimpleNamespace(write=_write_a_line, run=lambda path: None)
    monkeypatch.setitem(folder.FORMATS, "torch", writer)
    monkeypatch.setattr(folder, "compare", lambda codec, files: Agreement(1, 0, 0.0))


def _write_a_line(graph, into):
    path = into / f"{graph.file}.pt2"
    path.write_text("a program\n")
    return path


def test_the_json_says_what_the_files_take_and_give(saved, called):
    said, out = called
    facts = json.loads((out / "codec.json").read_text())
    assert (facts["rate_hz"], facts["samples_per_frame"], len(facts["levels"])) == (8000, 16, 3)
    assert facts["space"] == vocable.load(saved).spec.space
    assert facts["bits_per_second"] == {"1": 2000.0, "2": 4000.0, "3": 6000.0}
    assert facts["latency_s"] == {"first": 0.002, "steady": 0.002}
    encoder = facts["files"]["encoder.pt2"]
    assert encoder["inputs"] == [
        {"name": "samples", "dtype": "float32", "shape": ["batch", 1, "samples"]}
    ]
    assert encoder["outputs"] == [
        {"name": "codes", "dtype": "int64", "shape": ["batch", 3, "frames"]}
    ]
    step = facts["files"]["encoder_step.pt2"]
    assert [port["shape"] for port in step["inputs"]] == [["batch", 1, 16], ["batch", 16, 1]]
    assert said["files"] == {name: file["bytes"] for name, file in facts["files"].items()}
    assert said["ties"] == 0 and said["difference"] <= 1e-6


def test_the_command(called):
    facts, out = called
    assert set(facts["files"]) == {f"{n}.pt2" for n in _NAMES}
    assert facts["ties"] == 0 and facts["frames"] > 1000
    assert "CC0" in (out / "README.md").read_text()


_NAMES = ("encoder", "decoder", "encoder_step", "decoder_step")


def test_what_is_there_is_kept_but_for_an_export_with_force(saved, unrecorded, tmp_path):
    out = tmp_path / "exported" / "out"
    out.parent.mkdir()
    call("export", saved, out, "--to", "torch")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("all of it")
    said = _refused("export", saved, mine, "--to", "torch", "--force")
    assert said == f"error: {mine} is not an exported codec; take another name\n"
    assert (mine / "thesis.txt").read_text() == "all of it"
    said = _refused("export", saved, out, "--to", "torch")
    assert "exists; take another name, or" in said
    (out / "encoder.pt2").write_bytes(b"old")
    call("export", saved, out, "--to", "torch", "--force")
    assert (out / "encoder.pt2").read_text() == "a program\n"
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_nothing_stays_of_an_export_that_fails(plain, unrecorded, tmp_path, monkeypatch):
    def compare(codec, files):
        raise ModelError("they differ")

    monkeypatch.setattr(folder, "compare", compare)
    with pytest.raises(ModelError, match="they differ"):
        export(plain, tmp_path / "out", to="torch")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("encodec-stereo", "encodec is not exported: it codes overlapping segments one by one"),
        ("item", "item is not exported: its tokens have the side peak beside the codes"),
        ("transform", "transform is not exported: each frame searches as many codebooks"),
        ("speechtokenizer", "speechtokenizer is not exported: its encoder's LSTM begins at both"),
        ("vibevoice", "vibevoice is not exported: its tokens are floats"),
        ("vocos", "encodec is not exported: its decoder is told how many levels it gets"),
        ("dmel", "dmel is not exported: its decoder follows phases row by row"),
        ("wavtokenizer", "wavtokenizer is not exported: its decoder takes statistics and attends"),
        ("mimo-audio", "mimo-audio is not exported: its encoder and its decoder attend to what is"),
        ("kanade", "kanade is not exported: its tokens have the side voice beside the codes"),
        ("ticodec", "ticodec is not exported: its tokens have the side voice beside the codes"),
        ("esc", "esc is not exported: its windows of attention lie where a recording ends"),
        ("jukebox", "jukebox is not exported: its decoder is told how many levels it gets"),
        ("xcodec", "xcodec is not exported: its encoder looks over all of a recording"),
        ("xcodec2", "xcodec2 is not exported: its encoder and its decoder look over all of"),
        ("focalcodec-stream", "focalcodec-stream is not exported: its attention waits for chunks"),
        ("informed", "informed is not exported: its teacher attends in windows"),
    ],
)
def test_what_no_graph_holds_is_refused_in_a_line(name, why, tmp_path):
    with pytest.raises(ModelError, match=why):
        export(small_codec(name), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_block_that_asks_for_values_is_refused_in_a_line(tmp_path):
    codec = small_codec("plain")
    codec.model.decoder.blocks[1].forward = lambda x: x if float(x.sum()) > 0 else -x
    with pytest.raises(ModelError, match=r"^plain: its decoder does not export \(.*\)$"):
        export(codec, tmp_path / "out", to="torch")
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named_before_any_work(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "find_spec", lambda name: None if name == "onnxscript" else name)
    with pytest.raises(ModelError, match=r'needs the package onnxscript: pip install "vocable\[ex'):
        export(plain, tmp_path / "out")
    with pytest.raises(ModelError, match='no format "onx" to export to; nearest: "onnx"'):
        export(plain, tmp_path / "out", to="onx")


def test_wrong_calls_of_the_command(saved, tmp_path):
    said = _refused("export", tmp_path / "none", tmp_path / "out")
    assert said.startswith("error: ") and said.count("\n") == 1
    said = _refused("export", saved, tmp_path / "no" / "out", "--to", "torch")
    assert "there is no folder" in said


def test_differences_that_no_tie_explains_are_refused(plain):
    from vocable.export.checking import count_ties

    samples = voice(plain, 1, 20 * plain.frame)
    codes = plain.to_codes(samples)
    wrong = (codes[0].clone(), *codes[1:])
    wrong[0][0, 3] = (wrong[0][0, 3] + 5) % 16
    with pytest.raises(ModelError, match="other codes in 1 of 20 frames, which no tie explains"):
        count_ties(plain, samples, codes, wrong)
    assert count_ties(plain, samples, codes, codes) == 0


def test_export_loads_no_torch_for_its_help():
    code = "import sys; from vocable.cli.export import command; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def _refused(*arguments: object) -> str:
    """Return the line that a wrong call ends with."""
    return call(*arguments, code=2).stderr
