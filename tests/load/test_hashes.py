"""What came from the hub is what came before, what is pinned, and what was published."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

import vocable
from tests.load.toys import TOY, toy_file, toy_model, write_toy
from vocable.errors import ModelError
from vocable.load import describe, load_to_train, save_model


def sha(data):
    return hashlib.sha256(data).hexdigest()


def test_the_first_download_is_recorded(hub, cache):
    hub.put("someone/toy", TOY)
    vocable.load("someone/toy")
    (record,) = (cache / "records").iterdir()
    assert record.name == "someone--toy@main.json"
    assert json.loads(record.read_text()) == {
        "repository": "someone/toy",
        "revision": "main",
        "commit": "c0" * 20,
        "files": {name: sha(data) for name, data in TOY.items()},
    }


def test_a_later_download_with_another_hash_is_refused(hub, cache, tmp_path, monkeypatch):
    hub.put("someone/toy", TOY)
    vocable.load("someone/toy")
    shutil.rmtree(cache / "hub")
    other = toy_file(seed=1)
    hub.put("someone/toy", {**TOY, "model.safetensors": other}, commit="d0" * 20)
    with pytest.raises(
        ModelError,
        match=f"^model.safetensors of someone/toy has SHA-256 {sha(other)}, but "
        f"{sha(TOY['model.safetensors'])} was recorded when it was first downloaded; remove "
        r".+ to fetch it again, or .+someone--toy@main.json if its publishers",
    ):
        vocable.load("someone/toy")
    (cache / "records" / "someone--toy@main.json").unlink()
    assert vocable.load("someone/toy").name == "toy-8khz"


def test_a_file_that_was_tampered_with_is_refused(hub, cache):
    hub.put("someone/toy", TOY)
    vocable.load("someone/toy")
    (file,) = (cache / "hub").rglob("snapshots/*/model.safetensors")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.resolve().write_bytes(data)
    words = f"has SHA-256 {sha(data)}, but .* was recorded when .*; remove (.+) to fetch it again"
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load("someone/toy")
    Path(re.search(words, str(refusal.value))[1]).unlink()
    assert vocable.load("someone/toy").name == "toy-8khz", "what the line advises helps"


def test_a_pinned_file_must_have_its_hash_from_the_first(hub, entry):
    entry(sha256=sha(TOY["model.safetensors"]), revision="c0" * 20)
    hub.put("someone/toy", TOY)
    assert vocable.load("someone/toy").name == "toy-8khz"
    other = toy_file(seed=1)
    hub.put("someone/toy", {**TOY, "model.safetensors": other}, commit="d0" * 20, revisions={"v2"})
    assert vocable.load("someone/toy@v2").name == "toy-8khz"  # not the one that is pinned


def test_a_pinned_file_with_another_hash_is_refused(hub, entry):
    entry(sha256="0" * 64)
    hub.put("someone/toy", TOY)
    found = sha(TOY["model.safetensors"])
    words = f"has SHA-256 {found}, but {'0' * 64} is pinned; remove .+ to fetch it again, or name a"
    with pytest.raises(ModelError, match=words):
        vocable.load("someone/toy")
    assert describe("speech-16k")


def test_a_pinned_revision_is_the_one_that_is_asked_for(hub, entry):
    entry(revision="e0" * 20)
    hub.put("someone/toy", TOY, commit="e0" * 20)
    vocable.load("someone/toy")
    assert {path.split("/")[4] for _, path, _ in hub.asked} == {"e0" * 20}
    hub.put("someone/toy", TOY, commit="f0" * 20)
    with pytest.raises(ModelError, match="someone/toy has no revision v9"):
        vocable.load("someone/toy@v9")


def test_what_came_must_be_what_was_published(hub, entry):
    entry(model="mimi")
    hub.put("someone/toy", TOY)
    words = "^someone/toy was published as mimi, but what came is toy-8khz; fetch it again$"
    with pytest.raises(ModelError, match=words):
        vocable.load("someone/toy")


def test_what_came_in_our_layout_must_be_what_was_published_too(hub, entry, tmp_path):
    entry()

    def put(name, commit):
        save_model(toy_model(), tmp_path / name, name=name, facts={"licence": "Apache-2.0"})
        files = {p.name: p.read_bytes() for p in (tmp_path / name).iterdir()}
        hub.put("someone/toy", files, commit=commit, revisions={name})

    put("toy-8khz", "a0" * 20)
    assert describe("someone/toy@toy-8khz").licence == "CC0-1.0"
    put("other", "b0" * 20)
    with pytest.raises(ModelError, match="was published as toy-8khz, but what came is other; "):
        vocable.load("someone/toy@other")


def test_a_published_model_has_its_licence(hub, entry):
    entry()
    hub.put("someone/toy", TOY)
    assert describe("someone/toy").licence == "CC0-1.0"
    entry(licence_seen=False)
    assert describe("someone/toy").licence == "CC0-1.0 ?"


def test_the_licence_goes_where_the_weights_go(hub, entry, tmp_path, cache):
    entry()
    hub.put("someone/toy", TOY)
    codec = vocable.load("someone/toy")
    save_model(codec, tmp_path / "mine", name="mine")
    save_model(load_to_train(tmp_path / "mine"), tmp_path / "again", name="again")
    assert describe(tmp_path / "again").licence == "CC0-1.0"
    save_model(codec, tmp_path / "other", facts={"licence": "MIT"})
    assert describe(tmp_path / "other").licence == "MIT"


def test_a_published_file_has_its_licence_wherever_it_lies(entry, tmp_path):
    file = write_toy(tmp_path / "by hand", name="anything")
    assert describe(file).licence == ""
    entry(sha256=sha(file.read_bytes()))
    assert describe(file).licence == "CC0-1.0"


def test_a_damaged_record_is_one_line(hub, cache):
    hub.put("someone/toy", TOY)
    vocable.load("someone/toy")
    (cache / "records" / "someone--toy@main.json").write_text("{")
    with pytest.raises(ModelError, match=r"someone--toy@main.json is damaged \(.+\); remove it"):
        vocable.load("someone/toy")
