"""Settings that all tests share."""

import atexit
import gc
import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import jaxtyping
import pytest

# The same examples every time: a red run is repeatable, and says what the change did.
SAME = {"deadline": None, "derandomize": True, "database": None}
hypothesis.settings.register_profile("house", max_examples=10, **SAME)
hypothesis.settings.register_profile("all", max_examples=25, **SAME)

# Threads wait for each other at every small product: asleep, so that the one waited for has a core,
# and not at all where each worker has one core.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def modules_with_shapes() -> list[str]:
    """Name the modules of vocable whose signatures have shapes, without importing any."""
    spec = importlib.util.find_spec("vocable")
    assert spec and spec.origin
    root = Path(spec.origin).parent
    paths = [path for path in root.rglob("*.py") if "jaxtyping" in path.read_text("utf-8")]
    return [".".join(path.relative_to(root.parent).with_suffix("").parts) for path in paths]


# Shapes in signatures are checked by `test-all`, in every test, and here in those of every example
# (tests/house/test_shapes.py): in all of them that takes two thirds of the time.
if "TESTS_SHAPES" in os.environ:
    jaxtyping.install_import_hook(modules_with_shapes(), "beartype.beartype")

# No test asks a real model hub, or touches the cache of whoever runs the tests.
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
os.environ["VOCABLE_CACHE"] = tempfile.mkdtemp(prefix="vocable-tests-")
atexit.register(shutil.rmtree, os.environ["VOCABLE_CACHE"], ignore_errors=True)

# A shell starts what it runs in the background with Ctrl-C ignored, and children inherit that; the
# tests of Ctrl-C need children that hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Give tests of random examples more of them where the slow tests run too, in `test-all`."""
    hypothesis.settings.load_profile("house" if config.option.markexpr == "not slow" else "all")


def pytest_collection_finish() -> None:
    """Let no collection of garbage walk over all the tests, of which none goes."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test marked `alone` in a process of its own; here it only passes or fails.

    What the mark is given is set in that process' environment.
    """
    mark = pyfuncitem.get_closest_marker("alone")
    if mark is None or "TESTS_ALONE" in os.environ:
        return None
    call = [sys.executable, "-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*call, pyfuncitem.nodeid],
        cwd=pyfuncitem.config.rootpath,
        env={**os.environ, "TESTS_ALONE": "1", "OMP_NUM_THREADS": "1", **mark.kwargs},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return True


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
