"""Without the model hub's client: what lies here loads, and the hub is one line that says how."""

import sys

import pytest

import vocable
from tests.codecs import tiny
from vocable import weights
from vocable.errors import ModelError
from vocable.load import models, save_model

EXTRA = r'^fetching someone/toy from the model hub needs an extra: pip install "vocable\[hub\]"'


@pytest.fixture(autouse=True)
def no_client(monkeypatch):
    """Make `import huggingface_hub` fail, as where it is not installed."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)


def test_a_bundled_model_a_folder_and_a_file_need_no_client(tmp_path):
    names = ["dmel-16k", "sound-48k", "speech-16k", "units-16k"]
    assert [model.name for model in models()] == names
    assert vocable.load("speech-16k").encode(tiny.sound(1000), rate=8000).frames
    space = save_model(tiny.soundstream(), tmp_path / "toy", name="toy")
    assert vocable.load(tmp_path / "toy").spec.space == space
    assert vocable.load(tmp_path / "toy" / "model.safetensors").spec.space == space


def test_a_name_of_the_hub_is_one_line():
    with pytest.raises(ModelError, match=f"{EXTRA}; give a folder instead, or a bundled name"):
        vocable.load("someone/toy")
    with pytest.raises(ModelError, match=f"{EXTRA}$"):
        weights.fetch("someone/toy")
