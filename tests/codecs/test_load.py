"""Models on disk: what is stored, how it is found, and what is refused."""

import json
import os
import subprocess
import sys

import huggingface_hub
import pytest
import torch

import vocable
from tests.codecs import tiny
from vocable import weights
from vocable.audio import Audio
from vocable.cli.errors import Refusal
from vocable.cli.open_codec import check_device
from vocable.codecs import Codec
from vocable.codecs.identity import stored_digest
from vocable.codecs.soundstream import SoundStream
from vocable.errors import ModelError
from vocable.load import describe, load_embedding, load_to_train, save_model
from vocable.testing.tiny_configs import soundstream_tiny

SOUND = Audio(tiny.sound(1000), 8000)


@pytest.fixture
def folder(tmp_path):
    card, facts = "# Toy\nSmall.\n", {"licence": "CC0-1.0"}
    save_model(
        tiny.soundstream(), tmp_path / "toy", name="toy", version="3", card=card, facts=facts
    )
    return tmp_path / "toy"


def test_the_space_is_born_when_saved_and_then_carried(folder, tmp_path):
    codec = vocable.load(folder)
    assert codec.spec.space.startswith("toy@3:")
    assert codec.spec.space == describe(folder).space
    assert codec.name == "toy" and not codec.model.training
    assert save_model(codec, tmp_path / "copy", name="other") == codec.spec.space
    tokens = codec.encode(SOUND)
    assert vocable.load(tmp_path / "copy").decode(tokens) == codec.decode(tokens)


def test_new_weights_are_a_new_space(folder, tmp_path):
    codec = vocable.load(folder)
    codec.model.state_dict()["quantizer.stack.0.codebook.entries"].add_(0.5)
    assert save_model(codec, tmp_path / "next", version="4").startswith("toy@4:")
    assert describe(tmp_path / "next").space != describe(folder).space


@pytest.mark.parametrize(
    ("make", "stored"), [(tiny.soundstream, torch.float32), (tiny.speech, torch.float16)]
)
def test_weights_are_stored_as_the_model_says_and_read_as_fp32(make, stored, tmp_path):
    space = save_model(make(), tmp_path / "toy")
    tensors = weights.read(tmp_path / "toy" / "model.safetensors")
    assert {value.dtype for value in tensors.values()} == {stored}
    codec = vocable.load(tmp_path / "toy")
    assert {p.dtype for p in codec.model.parameters()} == {torch.float32}
    assert space.endswith(stored_digest(codec.model)), "the digest is over what is stored"


def test_a_lower_precision_changes_no_code(folder):
    full, low = vocable.load(folder), vocable.load(folder, dtype=torch.bfloat16)
    tokens = full.encode(SOUND)
    assert low.encode(SOUND) == tokens
    there, here = full.decode(tokens).samples, low.decode(tokens).samples
    assert here.dtype == there.dtype
    assert 0 < abs(here - there).max() < 0.1 * abs(there).max()


@pytest.mark.filterwarnings("error")
def test_full_precision_may_be_asked_for(folder):
    tokens = vocable.load(folder).encode(SOUND)
    plain, asked = vocable.load(folder), vocable.load(folder, dtype=torch.float32)
    assert asked.decode(tokens) == plain.decode(tokens)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("dtype", [torch.float64, torch.int8, "bfloat16"])
def test_a_precision_that_no_decoder_has_is_refused(folder, dtype):
    with pytest.raises(ModelError, match=f"^dtype is {dtype}; a decoder computes in torch.float32"):
        vocable.load(folder, dtype=dtype)


@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_a_device_that_is_not_here_is_refused_in_torchs_words(folder, device):
    refusal = rf"device {device} cannot be used here \((?!.*bug).+\); try cpu$"
    for name in (folder, "say-16k", "audiolm-16k"):  # whatever kind of model it is
        with pytest.raises(ModelError, match=f"^{refusal}"):
            vocable.load(name, device=device)
    with pytest.raises(ModelError, match=f"^{refusal}"):
        load_embedding("say-16k", device)
    with pytest.raises(Refusal, match=f"^--{refusal}"):
        check_device(device)


def test_the_file_of_the_weights_names_the_model(folder):
    assert vocable.load(folder / "model.safetensors").spec == vocable.load(str(folder)).spec


def test_training_goes_on_from_what_is_stored(folder):
    model = load_to_train(folder)
    entries = model.quantizer.stack[0].codebook.entries
    before = entries.clone()
    assert model.training and model.quantizer.stack[0].learner is not None
    model(torch.from_numpy(tiny.sound(800))[None])
    assert 0 < float((entries - before).abs().max()) < 0.1 * float(before.abs().max())
    assert model.space == describe(folder).space
    model.forget_space()
    assert model.space == "toy@0:untrained"


def test_hub_names_are_fetched(folder, monkeypatch):
    asked = {}

    def fetch(repository, file, **options):
        asked.update(options, repository=repository)
        return str(folder / file)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    monkeypatch.setenv("VOCABLE_CACHE", str(folder.parent / "cache"))
    assert vocable.load("someone/toy@v2").name == "toy"
    assert (asked["repository"], asked["revision"]) == ("someone/toy", "v2")
    assert asked["cache_dir"] == folder.parent / "cache" / "hub"


def changed(folder, **entries):
    facts = {**json.loads((folder / "config.json").read_text()), **entries}
    facts = {key: value for key, value in facts.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(facts))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"format": 2}, "has format 2 but this vocable reads 1; upgrade vocable"),
        ({"format": None}, "of a family that vocable does not know: it has decoder.blocks.0.bias"),
        ({"space": None}, r'needs "space" \(str\), got None'),
        (
            {"architecture": "sondstream"},
            'no architecture named "sondstream"; nearest: "soundstream"',
        ),
        ({"config": {"stride": 2}}, 'no key config.stride; nearest: "strides"'),
        ({"config": {"filters": 8}}, "of shape"),
        ({"config": {"filters": 10**7}}, "of shape"),  # no memory is asked for
        ({"config": {"lstm_layers": 10**9}}, "config.lstm_layers is 1000000000, but there are"),
        ({"config": {"rate": 0}}, "config makes no soundstream .rate must be an integer from 1"),
        ({"config": {"strides": [0, 2]}}, "config makes no soundstream"),
        ({"config": {}}, "keys .* this model lacks and lacks"),
        ({"sha256": "0" * 64}, "0000000000000000… was published; fetch it again"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(folder, entries, words):
    if entries.get("config") and "stride" not in entries["config"]:
        entries["config"] = {**json.loads((folder / "config.json").read_text())["config"],
                             **entries["config"]}  # fmt: skip
    changed(folder, **entries)
    with pytest.raises(ModelError, match=words):
        vocable.load(folder)


def test_damaged_weights_are_refused(folder):
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="fetch it again"):
        vocable.load(folder)
    changed(folder, sha256=None)
    with pytest.raises(ModelError, match="is damaged"):
        vocable.load(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match="is not JSON"):
        vocable.load(folder)


def test_a_model_without_memory_is_refused():
    with torch.device("meta"):
        model = SoundStream(soundstream_tiny())
    with pytest.raises(
        ModelError, match="is on the meta device, so it has no values; load the model"
    ):
        Codec(model)


def test_loading_moves_no_generator(folder):
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    vocable.load(folder)
    load_to_train(folder)
    assert torch.equal(torch.rand(3), wanted)


def test_a_model_to_train_is_ordinary_under_any_setting(folder):
    with torch.inference_mode():
        model = load_to_train(folder)
    assert all(p.requires_grad and not p.is_inference() for p in model.parameters())


def test_folders_without_a_model_are_refused(tmp_path):
    with pytest.raises(ModelError, match="is not a model; give a folder with config.json"):
        vocable.load(tmp_path)


def test_weights_that_are_not_finite_are_not_shipped(tmp_path):
    codec = tiny.soundstream()
    codec.model.state_dict()["decoder.blocks.0.bias"][0] = torch.inf
    with pytest.raises(ModelError, match=r"1 key \(decoder.blocks.0.bias\) hold values"):
        save_model(codec, tmp_path / "toy")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_cannot_be_described_leaves_what_was_there(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for facts, words in (
        ({"about": object()}, "config and facts must be plain values for JSON"),
        ({"sha256": "0" * 64, "name": "x"}, "facts may not say name, sha256; the model says it"),
    ):
        with pytest.raises(ModelError, match=words):
            save_model(tiny.soundstream(1), folder, name="toy", card="# New\n", facts=facts)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_config_of_another_program_is_not_read_as_ours(tmp_path):
    (tmp_path / "config.json").write_text('{"architectures": ["EncodecModel"]}')
    weights.write(tmp_path / "model.safetensors", {"conv.weight": torch.ones(2)})
    with pytest.raises(ModelError, match="a family that vocable does not know: it has conv.weight"):
        vocable.load(tmp_path)


def test_what_is_saved_in_fp32_has_the_space_of_its_files(tmp_path):
    codec = tiny.soundstream()
    space = save_model(codec, tmp_path / "toy", name="toy")
    assert codec.spec.space == space
    assert vocable.load(tmp_path / "toy").decode(codec.encode(SOUND)).samples.any()


def test_describing_a_model_loads_no_torch(folder):
    code = (
        "import sys; from vocable.load import describe, models; models(); "
        f"describe({str(folder)!r}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ).returncode == 0


def test_a_byte_order_mark_is_not_part_of_a_description(folder):
    for name in ("config.json", "CARD.md"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text("\ufeff" + text, encoding="utf-8")
    assert describe(folder).name == "toy" and describe(folder).card.startswith("# Toy")
