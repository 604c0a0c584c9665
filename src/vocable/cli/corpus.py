"""`vocable corpus …`: turn recordings of any number into shards of tokens, and look at them."""

import click

from vocable.cli.lazy import LazyGroup


class Commands(LazyGroup):
    """A group whose subcommands are the modules `vocable.cli.corpus_NAME`."""

    names = ("encode", "decode", "check", "stats", "sample")
    prefix = "vocable.cli.corpus_"


@click.group("corpus", cls=Commands)
def command() -> None:
    """Encode any number of recordings, exactly once each; read them back."""
