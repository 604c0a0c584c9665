"""A cache of its own for each test, and a family of toys that it may load."""

import pytest

import vocable.testing.tiny_codecs  # noqa: F401  # registers the toys' architecture
from tests.load.hub_stand_in import serving
from vocable.codecs import keys


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder that VOCABLE_CACHE names, not there yet."""
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """Know the layout of toys, after those of the published families."""
    monkeypatch.setitem(keys.FAMILIES, "Toy", "tests.load.toy_layout")


@pytest.fixture
def hub(monkeypatch):
    """A stand-in of the model hub."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub
