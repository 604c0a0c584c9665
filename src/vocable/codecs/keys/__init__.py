"""Layouts of checkpoints: one module each, that says "this is mine" and how its keys are called.

A layout has FILES (what to fetch from the model hub), `recognise(path) -> Description | None`, and
`read(description) -> tensors` by the keys of the architecture that the description names. `load.py`
asks them in turn; the first is our own.
"""

from types import ModuleType

from vocable.codecs.keys import own

LAYOUTS: list[ModuleType] = [own]
