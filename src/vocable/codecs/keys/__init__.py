"""Layouts of checkpoints: one module each, that says "this is mine" and how its keys are called.

A layout has `recognise(path) -> Description | None` and `read(description) -> tensors`, by the keys
of the architecture that the description names. `load.py` asks each in turn; the first is our own.
"""
