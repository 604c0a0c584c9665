"""Settings of the tests of exports."""

from collections.abc import Iterator

import jaxtyping
import pytest


@pytest.fixture(autouse=True, scope="module")
def untyped() -> Iterator[None]:
    """Record graphs as users do: the checks of types and shapes take symbols for wrong sizes."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
