"""Checkpoints of others: found by their content, read without running anything, or one line."""

import argparse
import json
import logging
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from vocable.codecs.keys.checkpoint import holds_checkpoint, open_checkpoint
from vocable.errors import ModelError

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}
OLD = {"_use_new_zipfile_serialization": False}


class Payload:
    """Makes a folder when it is unpickled by a reader that runs what it reads."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def same(found):
    return found.keys() == TENSORS.keys() and all(
        torch.equal(found[key], value) for key, value in TENSORS.items()
    )


def write_shards(folder, save=save_file, ending="safetensors"):
    names = {key: f"part-{i}.{ending}" for i, key in enumerate(TENSORS)}
    for key, name in names.items():
        save({key: TENSORS[key]}, folder / name)
    index = folder / f"model.{ending}.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": names}))
    return index


WRITERS = {
    "safetensors": lambda path: save_file(TENSORS, path),
    "torch": lambda path: torch.save(TENSORS, path),
    "torch before 2020": lambda path: torch.save(TENSORS, path, **OLD),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_file_is_what_its_content_says(write, tmp_path):
    path = tmp_path / "weights.txt"  # the name says nothing
    write(path)
    (tmp_path / "README.md").write_text("# Weights\n")
    for given in (path, tmp_path):
        found = open_checkpoint(given)
        assert found.shapes == {"a.weight": (2, 3), "a.bias": (2,)}
        assert found.path == path and found.files == (path,)
        assert same(found.tensors())
        assert holds_checkpoint(given)


@pytest.mark.parametrize(("save", "ending"), [(save_file, "safetensors"), (torch.save, "bin")])
def test_parts_behind_an_index_are_one_checkpoint(save, ending, tmp_path):
    index = write_shards(tmp_path, save, ending)
    for given in (index, tmp_path):
        found = open_checkpoint(given)
        assert len(found.shapes) == 2 and len(found.files) == 2
        assert same(found.tensors())
    found.files[0].unlink()
    with pytest.raises(ModelError, match=f"names part-0.{ending}, which is not beside it; fetch"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("name", ["../x.safetensors", "/etc/passwd", "", 3])
def test_an_index_names_only_files_beside_it(name, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(ModelError, match="which is not a file beside it"):
        open_checkpoint(tmp_path / "x.json")


def test_a_key_in_two_parts_is_refused(tmp_path):
    write_shards(tmp_path)
    save_file(TENSORS, tmp_path / "part-0.safetensors")
    with pytest.raises(ModelError, match=r"has a\.bias in two of its parts"):
        open_checkpoint(tmp_path)


def test_what_lies_around_the_tensors_is_stated(tmp_path):
    about = {"metadata": {"kwargs": {"rates": (2, 4), "seen": torch.ones(3)}}, "epoch": 3}
    for wrapper in ("state_dict", "best_state", "model"):
        torch.save({wrapper: {**TENSORS, "version": 2}, **about}, tmp_path / "x.pth")
        found = open_checkpoint(tmp_path / "x.pth")
        assert same(found.tensors())
        assert found.stated == {
            "metadata": {"kwargs": {"rates": [2, 4]}}, "epoch": 3, "version": 2,
        }  # fmt: skip
    torch.save({"best_state": {"model": TENSORS}, "xp.cfg": "sample_rate: 32000"}, tmp_path / "y")
    assert same(open_checkpoint(tmp_path / "y").tensors())
    assert open_checkpoint(tmp_path / "y").stated == {"xp.cfg": "sample_rate: 32000"}


def test_the_config_beside_it_is_read(tmp_path):
    save_file(TENSORS, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('\ufeff{"sampling_rate": 24000}', encoding="utf-8")
    assert open_checkpoint(tmp_path).config == {"sampling_rate": 24000}
    assert open_checkpoint(tmp_path / "model.safetensors").config == {"sampling_rate": 24000}
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(ModelError, match="config.json is not a config, but a list; fetch it again"):
        open_checkpoint(tmp_path)
    (tmp_path / "config.json").write_text("<html>")
    with pytest.raises(ModelError, match="config.json is not JSON"):
        open_checkpoint(tmp_path)


def test_of_several_the_usual_one_is_meant(tmp_path):
    save_file(TENSORS, tmp_path / "model.safetensors")
    torch.save({"old": torch.ones(1)}, tmp_path / "pytorch_model.bin")
    save_file({"other": torch.ones(1)}, tmp_path / "optimizer.safetensors")
    assert open_checkpoint(tmp_path).path.name == "model.safetensors"
    (tmp_path / "model.safetensors").rename(tmp_path / "first.safetensors")
    words = r"holds 2 checkpoints \(first.safetensors, optimizer.safetensors\); name one of them"
    with pytest.raises(ModelError, match=words):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_becomes_fp32_exactly(dtype, tmp_path, caplog):
    half = {key: (value / 3).to(dtype) for key, value in TENSORS.items()}
    save_file({**half, "count": torch.ones(1, dtype=torch.int64)}, tmp_path / "x")
    found = open_checkpoint(tmp_path / "x").tensors()
    assert found["count"].dtype == torch.int64
    for key, value in half.items():
        assert found[key].dtype == torch.float32
        assert torch.equal(found[key].to(dtype), value)
    assert caplog.messages == []


def test_double_precision_is_rounded_and_said(tmp_path, caplog):
    torch.save({"a": torch.ones(2, dtype=torch.float64) / 3}, tmp_path / "x")
    assert open_checkpoint(tmp_path / "x").tensors()["a"].dtype == torch.float32
    assert caplog.messages == [f"{tmp_path}/x holds double precision, which is rounded to fp32"]


def test_keys_and_shapes_of_safetensors_need_no_torch(tmp_path):
    save_file(TENSORS, tmp_path / "x.safetensors")
    code = (
        "import sys; from pathlib import Path\n"
        "from vocable.codecs.keys.checkpoint import open_checkpoint\n"
        f"assert open_checkpoint(Path({str(tmp_path)!r})).shapes; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ).returncode == 0


# ---- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, OLD], ids=["torch", "torch before 2020"])
@pytest.mark.parametrize("around", [lambda bad: {**TENSORS, "x": bad}, lambda bad: bad])
def test_code_in_a_checkpoint_is_refused_and_not_run(options, around, tmp_path):
    path, made = tmp_path / "bad.pt", tmp_path / "made"
    torch.save(around(Payload(made)), path, **options)
    with pytest.raises(ModelError, match=r"bad\.pt asks for (posix|nt)\.mkdir to be run, which"):
        open_checkpoint(path)
    assert not made.exists()
    pickle.loads(pickle.dumps(Payload(made)))
    assert made.exists(), "it would have been run"


def test_a_plain_pickle_with_code_is_not_run(tmp_path):
    (tmp_path / "bad.pkl").write_bytes(pickle.dumps(Payload(tmp_path / "made"), protocol=2))
    with pytest.raises(ModelError, match="bad.pkl (asks for|is damaged)"):
        open_checkpoint(tmp_path / "bad.pkl")
    assert not (tmp_path / "made").exists()


def test_objects_of_other_programs_are_refused_by_name(tmp_path):
    torch.save({**TENSORS, "args": [logging.Filter("a")]}, tmp_path / "x.ckpt")
    with pytest.raises(ModelError, match="asks for logging.Filter to be run, which vocable"):
        open_checkpoint(tmp_path / "x.ckpt")


def test_settings_are_read_without_their_class(tmp_path):
    torch.save({**TENSORS, "args": argparse.Namespace(rate=1)}, tmp_path / "x.ckpt")
    assert open_checkpoint(tmp_path / "x.ckpt").stated == {"args": {"rate": 1}}


BROKEN = {
    "empty": (b"", "is empty; fetch it again"),
    "page": (b"\n<!DOCTYPE html><html>", "is a web page, not weights; download the file itself"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n",
        "is a pointer of Git LFS, not the file that it stands for; run `git lfs pull`",
    ),
    "text": (b"hello, world", r"is not a checkpoint \(it begins with 68 65 6c 6c 6f 2c 20 77, 12"),
    "sound": (b"\xff\xfb\x90\x64\x00\x0f\xf0\x00{" + bytes(100), "is not a checkpoint"),
    "gguf": (b"GGUF" + bytes(100), "is a GGUF file; vocable reads safetensors and what torch"),
    "onnx": (b"\x08\x07" + bytes(100), "is an ONNX file; vocable reads"),
}


@pytest.mark.parametrize(("data", "words"), BROKEN.values(), ids=BROKEN)
def test_what_came_in_place_of_weights_is_named(data, words, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=words) as refusal:
        open_checkpoint(path)
    assert "\n" not in str(refusal.value)
    with pytest.raises(ModelError):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_truncated_file_is_one_line(write, tmp_path):
    path = tmp_path / "x"
    write(path)
    whole = path.read_bytes()
    for length in [9, 40, 100, len(whole) // 2, len(whole) - 30, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError) as refusal:
            open_checkpoint(path).tensors()
        assert "\n" not in str(refusal.value) and str(path) in str(refusal.value)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([torch.ones(1)], "holds no tensors by name, but list"),
        ({"a": 1, "b": 2}, "holds no tensors by name, but a dict of 'a', 'b'"),
        ({}, "holds no tensors by name, but a dict$"),
        ({3: torch.ones(1)}, "holds no tensors by name, but a dict of 3"),
        (torch.ones(1), "holds no tensors by name, but Tensor"),
        ({"state_dict": {}}, "holds no tensors by name, but a dict$"),
    ],
)
def test_a_file_without_named_tensors_is_refused(held, words, tmp_path):
    torch.save(held, tmp_path / "x")
    with pytest.raises(ModelError, match=words):
        open_checkpoint(tmp_path / "x")


def test_a_folder_without_weights_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    assert not holds_checkpoint(tmp_path) and not holds_checkpoint(Path(tmp_path / "notes.txt"))
    with pytest.raises(ModelError, match="holds no weights; give a folder or a file with some"):
        open_checkpoint(tmp_path)


def test_what_is_stated_has_an_end(tmp_path):
    """One list ten times in another, and so on: few bytes, 10^12 values. And one inside itself."""
    value: list = ["x"]
    for _ in range(12):
        value = [value] * 10
    endless: list = []
    endless.append(endless)
    for stated in (value, endless):
        torch.save({"state_dict": TENSORS, "about": stated}, tmp_path / "x.pt")
        with pytest.raises(ModelError, match="states more than 100000 values beside its tensors"):
            open_checkpoint(tmp_path / "x.pt")


def test_one_value_may_not_stand_for_any_number(tmp_path):
    vast = {"a.weight": torch.zeros(1).expand(10**6, 10**6)}
    torch.save(vast, tmp_path / "x.pt")
    with pytest.raises(ModelError, match=r"bytes, but its tensors state 4000000000000; take"):
        open_checkpoint(tmp_path / "x.pt")
    shared = torch.ones(1000)
    torch.save({"a": shared, "b": shared}, tmp_path / "y.pt")
    assert len(open_checkpoint(tmp_path / "y.pt").tensors()) == 2


def test_a_compressed_archive_is_refused_unread(tmp_path):
    torch.save(TENSORS, tmp_path / "x.pt")
    with (
        zipfile.ZipFile(tmp_path / "x.pt") as source,
        zipfile.ZipFile(tmp_path / "y.pt", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    with pytest.raises(ModelError, match=r"y\.pt is a compressed zip, which torch\.save does not"):
        open_checkpoint(tmp_path / "y.pt")


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_flipped_bytes_are_read_or_refused(write, tmp_path):
    """Damage at any place: what torch's reader raises of it is one line of ours."""
    path, random = tmp_path / "x", np.random.default_rng(0)
    write(path)
    whole = path.read_bytes()
    for _ in range(150):
        data = bytearray(whole)
        for place in random.integers(0, len(data), 3):
            data[place] = random.integers(0, 256)
        path.write_bytes(data)
        try:
            open_checkpoint(path).tensors()
        except ModelError as error:
            assert "\n" not in str(error)
