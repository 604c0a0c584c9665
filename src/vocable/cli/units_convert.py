"""`vocable units convert FILE`: make centres of scikit-learn's k-means ours, running nothing."""

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.paths import check_outputs
from vocable.cli.units_open import ENCODER, LAYER, open_encoder
from vocable.errors import VocableError


@click.command("convert")
@click.argument("file", type=click.Path())
@ENCODER
@LAYER
@click.option(
    "-o", "--out", type=click.Path(), help="The file.  [default: ENCODER-LN-kK.safetensors]"
)
@options.force
@options.output
def command(
    file: str, encoder: str, layer: int, out: str | None, force: bool, as_json: bool, quiet: bool
) -> int:
    """Convert published centres: a joblib or pickle file of scikit-learn's k-means.

    The file is read, and nothing in it is run. Which encoder and layer it is of, it does not say:
    that stands where it was published.
    """
    from vocable.units.tokenizer import convert_kmeans

    try:
        opened = open_encoder(encoder)
        made = convert_kmeans(file, opened, layer)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    target = out or f"{opened.name}-L{layer}-k{made.sizes[0]}.safetensors"
    check_outputs([target], file, force=force)
    made.save(target, overwrite=force)
    console = Console(as_json=as_json, quiet=quiet)
    console.line(f"{target}  {made.space}")
    console.result({"centres": target, "space": made.space})
    return 0
