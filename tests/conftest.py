"""Settings that all tests share."""

import atexit
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import jaxtyping
import pytest

# The same examples every time: a red run is repeatable, and says what the change did.
hypothesis.settings.register_profile(
    "house", deadline=None, max_examples=25, derandomize=True, database=None
)
hypothesis.settings.load_profile("house")

# No test asks a real model hub, or touches the cache of whoever runs the tests.
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
os.environ["VOCABLE_CACHE"] = tempfile.mkdtemp(prefix="vocable-tests-")
atexit.register(shutil.rmtree, os.environ["VOCABLE_CACHE"], ignore_errors=True)

# A shell starts what it runs in the background with Ctrl-C ignored, and children inherit that; the
# tests of Ctrl-C need children that hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def warnings_stay() -> Iterator[None]:
    """A test that switches warnings off fails, not the later ones that wait for a warning."""
    root = logging.getLogger()
    before = root.level, root.manager.disable
    yield
    after = root.level, root.manager.disable
    root.setLevel(before[0])
    logging.disable(before[1])
    assert after == before, "logging was left with another level"


@pytest.fixture
def registry() -> Iterator[dict[str, Any]]:
    """The table of measures; what a test registers is taken out again."""
    from vocable.measures import REGISTRY

    before = dict(REGISTRY)
    yield REGISTRY
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.fixture
def unlistable(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Forbid to list the folders whose path ends so, as another user's may be."""
    once = os.scandir

    def forbid(ending: str) -> None:
        def scandir(path: str) -> object:
            if str(path).endswith(ending):
                raise PermissionError(13, "Permission denied", path)
            return once(path)

        monkeypatch.setattr(os, "scandir", scandir)

    return forbid


@pytest.fixture
def untyped() -> Iterator[None]:
    """Call vocable as users do: without the checks of types and shapes that only tests run."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
