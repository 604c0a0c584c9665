"""Models of the hub, through a stand-in of its HTTP interface: fetched once, and kept."""

import json
import os
import subprocess
import sys

import pytest
from safetensors.torch import save

import vocable
from tests.load.toys import SOUND, TOY, toy_file, toy_model, toy_tensors
from vocable import hub as hub_client
from vocable.errors import ModelError
from vocable.load import describe, save_model


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
