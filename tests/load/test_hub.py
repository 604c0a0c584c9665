"""Models of the hub, through a stand-in of its HTTP interface: fetched once, and checked."""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from safetensors.torch import save

import vocable
from tests.load.toys import SOUND, toy_file, toy_model, toy_tensors, write_toy
from vocable import hub as hub_client
from vocable.codecs import published
from vocable.codecs.mimi import mimi
from vocable.errors import ModelError
from vocable.load import describe, load_to_train, save_model

CONFIG = b"{}"
TOY = {"config.json": CONFIG, "model.safetensors": toy_file()}


@pytest.fixture
def entry(monkeypatch):
    """A published toy; pass changes to make it another."""

    def publish(**changes):
        made = published.Published(
            "someone/toy",
            "toy-8khz",
            "model.safetensors",
            8000,
            1,
            500.0,
            (2.0,),
            "exact",
            "CC0-1.0",
        )
        monkeypatch.setattr(
            published, "PUBLISHED", (replace(made, **changes), *published.PUBLISHED)
        )

    return publish


def sha(data):
    return hashlib.sha256(data).hexdigest()


def test_a_model_is_fetched_once_and_needs_no_hub_after_that(hub, monkeypatch):
    hub.put("someone/toy", TOY)
    codec = vocable.load("someone/toy")
    assert codec.name == "toy-8khz"
    assert sorted(hub.downloads()) == ["config.json", "model.safetensors"]
    asked = len(hub.asked)
    tokens = codec.encode(SOUND, rate=8000)
    assert vocable.load("someone/toy").encode(SOUND, rate=8000) == tokens
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert describe("someone/toy").space == tokens.spec.space
    assert len(hub.asked) == asked


def test_a_model_without_a_config_is_asked_for_one_only_once(hub):
    hub.put("someone/toy", {"model.safetensors": TOY["model.safetensors"]})
    vocable.load("someone/toy")
    asked = len(hub.asked)
    vocable.load("someone/toy")
    assert len(hub.asked) == asked


@pytest.mark.parametrize("kind", ["bin", "index"])
def test_other_files_are_found(kind, hub):
    import io

    import torch

    if kind == "bin":
        held = io.BytesIO()
        torch.save(toy_tensors(), held)
        hub.put("someone/toy", {"pytorch_model.bin": held.getvalue()})
    else:
        keys = sorted(toy_tensors())
        parts = {"a.safetensors": keys[:3], "b.safetensors": keys[3:]}
        index = {"weight_map": {key: name for name, held in parts.items() for key in held}}
        files = {n: save({k: toy_tensors()[k] for k in held}) for n, held in parts.items()}
        hub.put(
            "someone/toy", {**files, "model.safetensors.index.json": json.dumps(index).encode()}
        )
    assert vocable.load("someone/toy").name == "toy-8khz"
    before = len(hub.asked)
    assert vocable.load("someone/toy").name == "toy-8khz"
    assert len(hub.asked) == before


def test_a_model_of_ours_on_the_hub(hub, tmp_path):
    space = save_model(toy_model(), tmp_path / "mine", name="mine")
    hub.put("someone/mine", {p.name: p.read_bytes() for p in (tmp_path / "mine").iterdir()})
    assert vocable.load("someone/mine").spec.space == space


@pytest.fixture
def impatient(monkeypatch):
    """Let the hub's client wait for nothing between its tries."""
    import huggingface_hub.file_download as client

    monkeypatch.setattr(client.time, "sleep", lambda seconds: None)


CHUNK = 10 << 20  # bytes that the hub's client takes at a time; less is asked for again


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("megabytes", [25, pytest.param(384, marks=pytest.mark.slow)])
def test_a_connection_that_breaks_off_goes_on_where_it_stopped(megabytes, hub):
    """At a size that is published: a file of many chunks that comes in three pieces."""
    held = toy_file(padding=megabytes << 20)
    hub.put("someone/toy", {"model.safetensors": held})
    hub.cut = len(held) // 3 + CHUNK
    assert vocable.load("someone/toy").encode(SOUND, rate=8000)
    ranges = [given for method, _, given in hub.asked if method == "GET" and given]
    starts = [int(given.removeprefix("bytes=").rstrip("-")) for given in ranges]
    assert starts and all(start % CHUNK == 0 for start in starts) and starts == sorted(starts)


@pytest.mark.usefixtures("impatient")
def test_a_truncated_download_is_one_line_and_leaves_nothing(hub, cache):
    hub.put("someone/toy", TOY)
    hub.cut = 100
    with pytest.raises(
        ModelError, match=r"of someone/toy was not fetched whole \(.+\); try again$"
    ):
        vocable.load("someone/toy")
    assert not list(cache.rglob("model.safetensors")) and not list(cache.rglob("*.incomplete"))
    hub.cut = None
    assert vocable.load("someone/toy").name == "toy-8khz"


# ---- hashes -------------------------------------------------------------------------------------


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
    import shutil

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


# ---- what is not there --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("kyutai/mimmi", 'nearest: "kyutai/mimi"'),
        ("facebook/encodec24khz", 'nearest: "facebook/encodec_24khz"'),
        ("hubertsuizdak/snac_24khz", 'nearest: "hubertsiuzdak/snac_24khz"'),
        ("nobody/whatever", "known: speech-16k, kyutai/mimi, .* and 13 more"),
    ],
)
def test_a_repository_that_is_not_there_names_the_nearest(name, near, hub):
    with pytest.raises(
        ModelError,
        match=f"^there is no folder {name}, and the model hub has no repository {name}; {near}",
    ):
        vocable.load(name)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("mimi", "kyutai/mimi"),
        ("mimmi", "kyutai/mimi"),
        ("encodec_24khz", "facebook/encodec_24khz"),
        ("dac_44khz", "descript/dac_44khz"),
        ("snac-24khz", "hubertsiuzdak/snac_24khz"),
        ("speech-16", "speech-16k"),
    ],
)
def test_a_name_without_owner_is_only_a_hint(name, near):
    with pytest.raises(ModelError, match=f'^no codec named "{name}"; nearest: "{near}"'):
        vocable.load(name)


def test_a_published_name_is_what_its_family_recognises():
    """What came is compared with what was published, by these names."""
    named = {
        make.__name__
        for architecture in ("encodec", "mimi", "dac", "snac")
        for make in vars(import_module(f"vocable.codecs.{architecture}")).get("PUBLISHED", (mimi,))
    }
    assert {entry.model for entry in published.PUBLISHED} == named


def test_a_file_that_the_hub_does_not_have_says_where_it_is():
    with pytest.raises(ModelError, match=r"is not on the model hub; download https://github.com/"):
        vocable.load("weights_44khz_16kbps.pth")


def test_a_repository_without_weights_says_what_was_looked_for(hub):
    hub.put("someone/toy", {"README.md": b"#"})
    with pytest.raises(
        ModelError,
        match="^someone/toy has none of model.safetensors, model.safetensors.index.json, "
        "pytorch_model.bin, pytorch_model.bin.index.json; load its files from a folder$",
    ):
        vocable.load("someone/toy")


def test_a_gated_repository_says_how_to_be_let_in(hub):
    hub.gated.add("someone/toy")
    with pytest.raises(ModelError, match="asks for a login and consent to its terms; give it on "):
        vocable.load("someone/toy")


@pytest.mark.parametrize("status", [500, 503])
def test_a_hub_that_is_away_is_asked_once(status, hub):
    hub.status = status
    began = time.monotonic()
    with pytest.raises(ModelError, match="the model hub cannot be reached"):
        vocable.load("kyutai/mimi")
    assert len(hub.asked) == 1 and time.monotonic() - began < 5


COMMIT = "89091b3e466eb6a9d11e537bf26b144f194978f7"
REACH = (
    f"^model.safetensors of kyutai/mimi at {COMMIT} is not here, and {{}}; "
    f"download model.safetensors and config.json from {{}}/kyutai/mimi/tree/{COMMIT} "
    "into a folder, and load that folder$"
)


def test_without_a_network_the_error_says_what_to_download(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    words = REACH.format(r"the model hub cannot be reached \(.+\)", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=words):
        vocable.load("kyutai/mimi")
    assert time.monotonic() - began < 5


def test_offline_nothing_is_asked(hub, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        ModelError, match=REACH.format(r"the hub may not be asked \(offline\)", hub.url)
    ):
        vocable.load("kyutai/mimi")
    with pytest.raises(ModelError, match='offline.*; nearest: "kyutai/mimi"$'):
        vocable.load("kyutai/mimmi")
    assert hub.asked == []


@pytest.mark.parametrize("offline", [True, False])
def test_what_another_program_has_fetched_loads_without_a_network(
    offline, hub, entry, monkeypatch, cache
):
    import huggingface_hub

    entry()
    hub.put("someone/toy", TOY)
    places = {"cache_dir": cache / "hub", "endpoint": hub.url}
    huggingface_hub.hf_hub_download("someone/toy", "model.safetensors", **places)
    if offline:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    else:
        hub.status = 503
    hub.asked.clear()
    assert vocable.load("someone/toy").name == "toy-8khz"
    assert not (cache / "records").exists(), "whether there is a config is not known yet"
    assert len(hub.asked) == (0 if offline else 1)


def test_the_cache_is_where_it_is_said_to_be(monkeypatch, tmp_path):
    monkeypatch.delenv("VOCABLE_CACHE")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert hub_client.cache_folder() == tmp_path / "hf" / "vocable"
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert hub_client.cache_folder() == tmp_path / "huggingface" / "vocable"


def test_hf_home_is_where_the_client_keeps_files(hub, tmp_path):
    hub.put("someone/toy", TOY)
    code = "import vocable.hub as h; print(h.fetch('someone/toy', 'config.json'))"
    env = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_CACHE": ""}
    del env["VOCABLE_CACHE"], env["HF_HUB_CACHE"]
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(tmp_path / "hf" / "hub"))
