"""`vocable evaluate`: say how good codecs are, and how sure that is."""

import importlib

import click

COMMANDS = (
    "codec",
    "probes",
    "listening",
)  # each is `command` of the module `vocable.cli.evaluate_NAME`


class Evaluations(click.Group):
    """A group whose commands are imported when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"vocable.cli.evaluate_{name}").command
        return found


@click.group("evaluate", cls=Evaluations)
def command() -> None:
    """Say how good codecs are, and how sure that is."""
