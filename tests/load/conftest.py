"""A cache of its own for each test, and a family of toys that it may load."""

from dataclasses import replace

import pytest

import vocable.testing.tiny_codecs  # noqa: F401  # registers the toys' architecture
from tests.load.hub_stand_in import serving
from vocable.codecs import keys, published


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
