"""`vocable evaluate`: say how good codecs are, and how sure that is."""

import click

from vocable.cli.lazy import LazyGroup


class Evaluations(LazyGroup):
    """The commands of `vocable evaluate`."""

    names = ("codec", "probes", "likelihood", "listening")
    prefix = "vocable.cli.evaluate_"


@click.group("evaluate", cls=Evaluations)
def command() -> None:
    """Say how good codecs and models of tokens are, and how sure that is."""
