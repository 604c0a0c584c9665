"""`vocable units fit`: k-means over the features of recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import FAILED
from vocable.cli.paths import check_outputs
from vocable.cli.units_open import ENCODER, LAYER, open_encoder
from vocable.errors import VocableError

if TYPE_CHECKING:
    from vocable.units.fitting import Fit


@click.command("fit")
@ENCODER
@LAYER
@click.option("--k", "size", type=click.IntRange(min=2), required=True, help="Units, the centres.")
@click.option(
    "--data",
    required=True,
    multiple=True,
    metavar="MANIFEST",
    help="Recordings, as `vocable data scan` lists them; give it again for more.",
)
@click.option(
    "--blocks",
    metavar="N,N...",
    help="Channels of blocks that are clustered one by one (product k-means): 13,13,13 of mfcc.",
)
@click.option(
    "--strides",
    metavar="N,N...",
    help="Frames that a unit of each level stands for, each level with centres of its own: 4,2,1.",
)
@click.option(
    "--standardise", is_flag=True, help="Bring each channel to mean 0 and variance 1 first."
)
@click.option(
    "--frames",
    type=click.IntRange(min=2),
    default=300_000,
    show_default=True,
    help="Frames that are clustered at most, drawn from all.",
)
@click.option(
    "--seed", type=options.SEED, default=0, show_default=True, help="Of all that is drawn."
)
@click.option(
    "-o", "--out", type=click.Path(), help="The file.  [default: ENCODER-LN-kK.safetensors]"
)
@options.threads
@options.force
@options.output
def command(
    encoder: str,
    layer: int,
    size: int,
    data: tuple[str, ...],
    blocks: str | None,
    strides: str | None,
    standardise: bool,
    frames: int,
    seed: int,
    out: str | None,
    threads: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Fit centres by k-means: they turn a layer of an encoder into units.

    The file says of itself which encoder and layer it is of. Exit code 1: some recording could not
    be used; the centres are of the others.
    """
    from vocable.cli.evaluate_data import clips_of
    from vocable.units.fitting import fit

    clips = clips_of(data, None)
    widths, rates = _numbers("--blocks", blocks), _numbers("--strides", strides)
    opened = open_encoder(encoder)
    target = out or f"{opened.name}-L{layer}-k{size}.safetensors"
    check_outputs([target], encoder, force=force)
    if threads:
        import torch

        torch.set_num_threads(threads)
    console = Console(as_json=as_json, quiet=quiet)
    try:
        with console.progress(target) as progress:
            found = fit(
                opened, clips, size, layer=layer, blocks=widths, standardise=standardise,
                seed=seed, frames=frames, strides=rates,
                progress=lambda done: progress(done / len(clips)),
            )  # fmt: skip
    except VocableError as error:
        raise Refusal(message_of(error)) from error
    found.centres.save(target, overwrite=force)
    for reason in found.refusals:
        console.failure(reason)
    console.line(f"{target}  {found.centres.space}  {_used(found)}")
    console.result(_facts(found, target))
    return FAILED if found.refusals else 0


def _numbers(option: str, text: str | None) -> list[int] | None:
    if text is None:
        return None
    numbers = text.split(",")
    if not all(number.isdigit() for number in numbers):
        raise click.UsageError(f"{option}: wanted numbers{_MEANT[option]}; got {text}")
    return [int(number) for number in numbers]


_MEANT = {"--blocks": " of channels, as 13,13,13", "--strides": " of frames, as 4,2,1"}


def _used(found: Fit) -> str:
    drawn = f"{found.frames} of {found.seen} frames" * (found.frames < found.seen)
    return f"{drawn or f'{found.frames} frames'} of {found.recordings} recordings"


def _facts(found: Fit, target: str) -> dict[str, Any]:
    return {
        "centres": target,
        "space": found.centres.space,
        "frames": found.frames,
        "recordings": found.recordings,
        "inertia_per_frame": found.inertia,
        "iterations": [each.iterations for each in found.clusters],
        "refused": list(found.refusals),
    }
