"""Judge a function of your own, from a recording to what it made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vocable.audio import Audio
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems.system import Made, Make


@dataclass(frozen=True)
class FunctionSystem:
    """A function of a module, `Audio -> Audio`.

    version   give it another one whenever the function would give other sound: nobody looks into it
    kbps      what it would cost to store or send, where that is known
    group     the family, where several systems are points of one; left out, the name
    """

    name: str
    function: Callable[[Audio], Audio]
    version: str = "1"
    kbps: float | None = None
    group: str = ""

    @property
    def family(self) -> str:
        """What it is a point of."""
        return self.group or self.name

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return the name of the function, its version and its rate."""
        where = f"{self.function.__module__}.{self.function.__qualname__}"
        return {"function": where, "version": self.version, "kbps": self.kbps}

    def open(self) -> Make:
        """Return what calls the function."""

        def make(recording: Recording) -> Made:
            bits = None if self.kbps is None else 1000 * self.kbps * recording.audio.seconds
            return Made(self.function(recording.audio), bits)

        return make
