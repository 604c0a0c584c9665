"""Listeners of made-up talk, and settings that take them."""

from functools import partial

import pytest

from tests.speak.prepare import talk
from vocable import atomic
from vocable.speak.prepare import Settings


@pytest.fixture
def settings(monkeypatch):
    """Return `Settings` with the listeners of `talk`; what is given comes on top."""
    talk.register(monkeypatch)
    monkeypatch.setattr(atomic, "_sync", lambda path: None)  # a busy disk takes long for it
    return partial(Settings, recogniser="talk-ear", activity="energy", speakers="talk-voices")
