"""`vocable units`: make semantic units of an encoder's features, and say how good they are."""

import click

from vocable.cli.lazy import LazyGroup


class Units(LazyGroup):
    """The commands of `vocable units`."""

    names = ("fit", "convert", "evaluate")
    prefix = "vocable.cli.units_"


@click.group("units", cls=Units)
def command() -> None:
    """Make semantic units of an encoder's features, and say how good they are."""
