"""AudioLM: three stages that go on with a recording, what is said before how it sounds."""

from .generator import AudioLM, Continuation

__all__ = ["AudioLM", "Continuation"]
