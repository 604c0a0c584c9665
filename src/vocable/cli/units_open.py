"""Open what the commands of `vocable units` are given: encoders, and centres with their encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from vocable.cli.errors import Refusal, message_of
from vocable.errors import VocableError

if TYPE_CHECKING:
    from vocable.units.tokenizer import UnitTokenizer

ENCODER = click.option(
    "--encoder",
    required=True,
    metavar="NAME_OR_FOLDER",
    help="What gives features: mfcc, log-mel, or an encoder's name, folder or file.",
)
LAYER = click.option(
    "--layer",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The block whose output is taken, from 1; 0 is the input to block 1, and all of mfcc and "
    "log-mel.",
)


def open_encoder(name: str) -> Any:
    """Return what gives features under a name; Refusal for what does not."""
    from vocable.load import load_encoder

    try:
        return load_encoder(name)
    except (VocableError, OSError) as error:
        raise Refusal(f"--encoder: {message_of(error)}") from error


def open_centres(path: str, encoder: str | None) -> UnitTokenizer:
    """Return a tokenizer of centres in a file, with the encoder that they name or the given one."""
    from vocable.units.centres import read_centres
    from vocable.units.tokenizer import UnitTokenizer

    try:
        centres = read_centres(path)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    opened = open_encoder(encoder or centres.origin.encoder.partition("@")[0])
    try:
        return UnitTokenizer(opened, centres)
    except VocableError as error:
        raise Refusal(f"{path}: {message_of(error)}") from error
