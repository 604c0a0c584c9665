"""Language models are found as codecs are: in folders, by their files, on the hub."""

import pytest

import vocable
from tests.language.csm.references import make_reference, write_sesame
from tests.language.csm.test_keys import words
from vocable.errors import ModelError
from vocable.language.csm import CsmGenerator, Utterance
from vocable.load import load_codec, load_encoder


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The files of a toy CSM by their names, a tokenizer of text among them."""
    folder = write_sesame(make_reference(), tmp_path_factory.mktemp("csm"))
    words(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_model_of_the_hub_comes_with_its_tokenizer(files, hub, monkeypatch):
    hub.put("someone/csm", files)
    model = vocable.load("someone/csm")
    assert isinstance(model, CsmGenerator) and model.codec is None
    assert sorted(hub.downloads()) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert len(model.prompt([Utterance(0, "yes no")], most=4).rows) == 7
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert vocable.load("someone/csm").text is not None


def test_a_model_of_the_hub_without_a_tokenizer_takes_ids(files, hub):
    hub.put("someone/csm", {name: body for name, body in files.items() if "tok" not in name})
    assert vocable.load("someone/csm").text is None


@pytest.mark.parametrize(
    ("name", "wanted"), [("someone/toy", "toy-8khz"), ("sesame/csm-1b", "csm-1b")]
)
def test_another_model_than_was_published_is_refused(files, hub, entry, name, wanted):
    entry()
    hub.put(name, files)
    with pytest.raises(ModelError, match=f"published as {wanted}, but what came is csm-3x32; fetc"):
        vocable.load(name)


def test_the_published_one_is_named_where_its_owner_lacks():
    with pytest.raises(ModelError, match=r'no model named "csm-1b"; nearest: "sesame/csm-1b"'):
        vocable.load("csm-1b")


@pytest.mark.parametrize("load", [load_codec, load_encoder])
def test_it_is_neither_codec_nor_encoder(files, tmp_path, load):
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    with pytest.raises(ModelError, match="is csm-3x32, a language model"):
        load(tmp_path / "model.safetensors")


def test_a_device_that_is_not_there_is_refused(files, tmp_path):
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    with pytest.raises(ModelError, match=r"^device nowhere cannot be used here"):
        vocable.load(tmp_path, device="nowhere")
    assert vocable.load(tmp_path / "model.safetensors", device="cpu").device.type == "cpu"
