"""Measures that break what computes them."""

import contextlib
import math
import os
import signal
import time

from vocable.measures import REGISTRY, Measure, register


def kill(reference, degraded, rate):
    os.kill(os.getpid(), signal.SIGSEGV)


def sleep(reference, degraded, rate):
    time.sleep(600)


class registered(contextlib.ContextDecorator):
    """Register them: for good where it is called, for a while where it is entered."""

    def __init__(self) -> None:
        for name, function in (("killer", kill), ("sleeper", sleep)):
            if name not in REGISTRY:
                register(Measure(name, function, "breaks", "", "up", (-math.inf, math.inf)))

    def __enter__(self):
        return self

    def __exit__(self, *error: object) -> None:
        for name in ("killer", "sleeper"):
            del REGISTRY[name]
