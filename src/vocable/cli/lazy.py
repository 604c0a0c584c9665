"""A group of commands that are imported when they are needed, so that its help starts at once."""

import importlib
from collections.abc import Mapping
from typing import ClassVar

import click


class LazyGroup(click.Group):
    """Its commands are `command` of the modules `prefix` + NAME, for each of `names`.

    modules: names of modules that differ from those of their commands.
    """

    names: ClassVar[tuple[str, ...]] = ()
    prefix: ClassVar[str] = "vocable.cli."
    modules: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.names)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.names:
            return None
        found: click.Command = importlib.import_module(
            self.prefix + self.modules.get(name, name)
        ).command
        return found
