"""Checkpoints of others become models of ours: once, in memory, and then from the cache."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

import vocable
from tests.load.toys import SOUND, toy_model, toy_tensors, write_toy
from vocable.atomic import replacing
from vocable.codecs import published
from vocable.codecs.identity import stored_digest
from vocable.errors import ModelError
from vocable.load import describe, load_to_train, save_model


def entries(cache):
    return sorted((cache / "converted").iterdir())


@pytest.fixture
def toy(tmp_path):
    return write_toy(tmp_path / "toy")


def test_a_checkpoint_of_others_gives_what_its_model_gives(toy, cache):
    model = toy_model()
    codec = vocable.load(toy.parent)
    x = torch.from_numpy(SOUND)[None]
    codes = model.to_codes(x)
    assert all(torch.equal(a, b) for a, b in zip(codec.model.to_codes(x), codes, strict=True))
    assert codec.spec.space == f"toy-8khz@1:{stored_digest(model)}"
    assert codec.name == "toy-8khz"
    again = vocable.load(str(toy))
    assert again.spec == codec.spec and again.decode(codec.encode(SOUND, rate=8000))
    assert len(entries(cache)) == 1


def test_the_second_load_reads_what_was_kept(toy, cache, monkeypatch):
    first = vocable.load(toy)
    monkeypatch.setattr("tests.load.toy_layout.read", lambda *_: 1 / 0)
    second = vocable.load(toy)
    assert second.spec == first.spec
    assert second.encode(SOUND, rate=8000) == first.encode(SOUND, rate=8000)


def test_what_is_kept_names_its_source(toy, cache):
    described = describe(toy)
    assert described.folder == entries(cache)[0]
    assert described.facts["source"] == {
        "layout": "toys",
        "sha256": {"model.safetensors": hashlib.sha256(toy.read_bytes()).hexdigest()},
    }
    assert described.spec.space == described.space
    assert vocable.load(described.folder).spec.space == described.space


def test_describing_what_is_kept_loads_no_torch(toy):
    describe(toy)
    code = (
        "import sys; from vocable.load import describe; "
        f"describe({str(toy)!r}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ).returncode == 0


def test_another_file_config_or_map_of_keys_is_converted_anew(toy, cache, monkeypatch):
    first = vocable.load(toy).spec.space
    write_toy(toy.parent, seed=1)
    assert vocable.load(toy).spec.space != first
    (toy.parent / "config.json").write_text("{}")
    assert describe(toy).space == vocable.load(toy).spec.space
    assert len(entries(cache)) == 3
    monkeypatch.setattr(sys.modules["vocable.load.converting"], "VERSION", 99)
    describe(toy)
    assert len(entries(cache)) == 4


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("damage", ["truncated", "missing", "other"])
def test_a_damaged_entry_of_the_cache_is_made_anew(name, damage, toy, cache, caplog):
    first = vocable.load(toy)
    file = entries(cache)[0] / name
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(whole[:-30] if damage == "truncated" else whole[:-30] + b"x" * 30)
    assert vocable.load(toy).encode(SOUND, rate=8000) == first.encode(SOUND, rate=8000)
    assert file.read_bytes() == whole
    line = f"the converted copy of {toy} in {file.parent} is damaged or unreadable; it is made anew"
    assert caplog.messages == ([] if (name, damage) == ("config.json", "missing") else [line])
    caplog.clear()
    vocable.load(toy)
    assert caplog.messages == []


def with_facts(cache, **changes):
    """Change what the only entry of the cache says of itself; None takes it away."""
    file = entries(cache)[0] / "config.json"
    facts = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({key: value for key, value in facts.items() if value is not None}))


@pytest.mark.parametrize(
    "source",
    [None, [], "toys", {}, {"sha256": "0" * 64}, {"sha256": {"model.safetensors": "0" * 64}}],
)
def test_an_entry_of_the_cache_that_names_another_source_is_made_anew(source, toy, cache, caplog):
    whole = describe(toy)
    with_facts(cache, source=source, space="mimi@1:0123456789abcdef")
    assert describe(toy).facts == whole.facts
    assert "is damaged or unreadable; it is made anew" in caplog.text


def test_a_licence_comes_from_the_file_itself(toy, cache, monkeypatch):
    """Neither what the cache says of the source, nor a licence in it, is believed."""
    digest = hashlib.sha256(toy.read_bytes()).hexdigest()
    entry = published.Published(
        "someone/toy", "toy-8khz", "x", 8000, 1, 500.0, (2.0,), "exact", "CC0-1.0"
    )
    monkeypatch.setattr(published, "PUBLISHED", (replace(entry, sha256="0" * 64),))
    describe(toy)
    with_facts(cache, source={"layout": "toys", "sha256": {"model.safetensors": "0" * 64}})
    assert describe(toy).licence == ""
    monkeypatch.setattr(published, "PUBLISHED", (replace(entry, sha256=digest),))
    with_facts(cache, licence="Apache-2.0")
    assert describe(toy).licence == "CC0-1.0"


def test_a_cache_that_cannot_be_written_is_said(toy, cache, caplog):
    cache.write_text("a file stands where the folder would be")
    codec = vocable.load(toy)
    assert codec.spec.space.startswith("toy-8khz@1:")
    assert len(caplog.messages) == 1
    assert "cannot be kept in" in caplog.text and "converted at every load" in caplog.text


def test_two_processes_convert_the_same_without_a_word(toy, cache, caplog):
    """One keeps it; the other, which finds it being written, does without."""
    vocable.load(toy)
    (folder,) = entries(cache)
    (folder / "config.json").unlink()
    with replacing(folder / "model.safetensors", overwrite=True) as writing:
        writing.write_bytes((folder / "model.safetensors").read_bytes())
        caplog.clear()
        assert vocable.load(toy).spec.space.startswith("toy-8khz@1:")
        assert caplog.messages == [] and not (folder / "config.json").exists()
    assert describe(toy).folder == folder


def test_the_space_is_carried_on(toy, tmp_path):
    codec = vocable.load(toy)
    assert save_model(codec, tmp_path / "mine", name="mine") == codec.spec.space
    assert vocable.load(tmp_path / "mine").spec.space == codec.spec.space


def test_fine_tuning_goes_on_from_a_checkpoint_of_others(toy):
    model = load_to_train(toy)
    assert model.training and model.space == describe(toy).space
    out = model(torch.randn(2, 1, 800))
    (out.audio.square().mean() + sum(out.losses.values())).backward()
    grads = [p.grad for p in model.decoder.parameters()]
    assert all(g is not None and bool(g.isfinite().all()) for g in grads)


def test_half_precision_gives_the_same_as_its_fp32(toy, tmp_path):
    half = {k: v.half() if v.is_floating_point() else v for k, v in toy_tensors().items()}
    for folder, tensors in (
        ("half", half),
        ("full", {k: v.float() if v.is_floating_point() else v for k, v in half.items()}),
    ):
        (tmp_path / folder).mkdir()
        save_file(tensors, tmp_path / folder / "model.safetensors")
    spaces = {vocable.load(tmp_path / folder).spec.space for folder in ("half", "full")}
    assert len(spaces) == 1


def test_nothing_moves_the_generator(toy):
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    vocable.load(toy)
    assert torch.equal(torch.rand(3), wanted)


# ---- what is refused ----------------------------------------------------------------------------


def changed(tmp_path, change):
    tensors = dict(toy_tensors())
    change(tensors)
    (tmp_path / "x").mkdir()
    save_file(tensors, tmp_path / "x" / "model.safetensors")
    return tmp_path / "x"


LIKE = r"model.safetensors looks like toy-8khz \(toys layout\): "
FAULTS = {
    "missing": (
        lambda t: t.pop("toy.decoder.blocks.0.weight"),
        LIKE
        + r"checkpoint has no key this model lacks and lacks 1 key \(decoder.blocks.0.weight\) it",
    ),
    "extra": (
        lambda t: t.update({"toy.decoder.blocks.9.bias": torch.ones(1)}),
        LIKE
        + r"checkpoint has 1 key \(decoder.blocks.9.bias\) this model lacks and lacks no key it",
    ),
    "unknown": (
        lambda t: t.update({"head.bias": torch.ones(1)}),
        LIKE + r"checkpoint has 1 key \(head.bias\) that the key map does not know",
    ),
    "size": (
        lambda t: t.update({"toy.decoder.blocks.0.bias": torch.ones(3)}),
        LIKE + r"checkpoint has decoder.blocks.0.bias of shape \[3\]; this model needs \[8\]",
    ),
    "nan": (
        lambda t: t["toy.decoder.blocks.0.bias"].fill_(torch.nan),
        LIKE + r"1 key \(decoder.blocks.0.bias\) hold values that are not finite; fetch it again",
    ),
}


@pytest.mark.parametrize(("change", "words"), FAULTS.values(), ids=FAULTS)
def test_a_checkpoint_that_does_not_fit_says_where(change, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(changed(tmp_path, change))
    assert "\n" not in str(refusal.value)


def test_a_config_that_does_not_fit_says_where(toy):
    (toy.parent / "config.json").write_text(json.dumps({"width": "wide"}))
    with pytest.raises(ModelError, match=LIKE + "config.width is 'wide'; wanted int"):
        vocable.load(toy)


def test_a_family_that_nobody_knows_is_shown(tmp_path):
    save_file({f"net.{i}.w": torch.ones(1) for i in range(9)}, tmp_path / "x")
    with pytest.raises(
        ModelError,
        match=r"x is a checkpoint of a family that vocable does not know: it has net.0.w, net.1.w, "
        r"net.2.w, net.3.w and 5 more; known: .*Toy.*HuBERT.*$",
    ):
        vocable.load(tmp_path / "x")


def test_a_file_that_is_no_model_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("hello, world")
    with pytest.raises(ModelError, match=r"notes.txt is not a checkpoint \(it begins with"):
        vocable.load(tmp_path / "notes.txt")
