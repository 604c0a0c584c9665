"""The names of `vocable.train` stay what they are, whatever else has been imported."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from types import ModuleType

import vocable.train


def test_no_module_takes_the_name_of_a_function() -> None:
    """Python puts each submodule into its package by name, once it is imported."""
    for module in pkgutil.walk_packages(vocable.train.__path__, "vocable.train."):
        import_module(module.name)
    found = {name: getattr(vocable.train, name) for name in vocable.train.__all__}
    assert not [name for name, value in found.items() if isinstance(value, ModuleType)]


def test_recipes_are_read_and_folders_scanned_without_torch() -> None:
    code = """
        import sys
        from vocable.train import read_recipe, scan
        read_recipe("speech-16k")
        sys.exit("torch" in sys.modules)
    """
    code = "\n".join(line.strip() for line in code.splitlines())
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
