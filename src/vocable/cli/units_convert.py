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
    from vocable.units.centres import centres_of
    from vocable.units.kmeans_files import read_kmeans
    from vocable.units.tokenizer import origin_of

    try:
        array = read_kmeans(file)
        opened = open_encoder(encoder)
        channels = opened.channels(layer)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    if array.shape[1] != channels:
        raise Refusal(
            f"{file} has centres of {array.shape[1]} channels but layer {layer} of {opened.name} "
            f"has {channels}; name the encoder and layer that it was published for"
        )
    target = out or f"{opened.name}-L{layer}-k{len(array)}.safetensors"
    check_outputs([target], file, force=force)
    made = centres_of(origin_of(opened, layer), [array])
    made.save(target, overwrite=force)
    console = Console(as_json=as_json, quiet=quiet)
    console.line(f"{target}  {made.space}")
    console.result({"centres": target, "space": made.space})
    return 0
