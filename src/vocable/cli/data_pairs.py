"""`vocable data pairs MANIFEST -o FOLDER`: make pairs of which one should be the more likely."""

from __future__ import annotations

from collections import Counter

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import FAILED
from vocable.errors import RecipeError, VocableError


@click.command("pairs")
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--out", type=click.Path(), required=True, help="The folder, a new one.")
@click.option(
    "--part",
    "parts",
    multiple=True,
    metavar="PART",
    help="speaker, gender, room, noise, noise-alike or order; may come again.  "
    "[default: all that can be made]",
)
@click.option(
    "--noise",
    type=click.Path(exists=True, dir_okay=False),
    metavar="MANIFEST",
    help="Noises, each with its class as `label`, for the parts noise and noise-alike.",
)
@click.option(
    "--split",
    metavar="SPLIT",
    help="Only rows of this split: train, valid or eval.  [default: all]",
)
@click.option(
    "--count", type=click.IntRange(1), default=100, show_default=True, help="Of each part, at most."
)
@click.option(
    "--seconds",
    type=options.FloatRange(2, 60),
    default=8.0,
    show_default=True,
    help="The longest that a recording may be; models have to see it whole.",
)
@click.option("--seed", type=options.SEED, default=0, show_default=True)
@options.output
def pairs(
    manifest: str, out: str, parts: tuple[str, ...], noise: str | None, split: str | None,
    count: int, seconds: float, seed: int, as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Make pairs for `vocable evaluate likelihood` of the rows of a manifest.

    A recording goes on in its voice, in its room, over its noise, or in another; or its stretches
    change places. Take recordings that no model was trained on. Exit code 1: a part that was asked
    for by name could not be made.
    """
    from vocable.audio.manifest import read_manifest
    from vocable.evaluate.likelihood.making import PARTS, make_pairs

    console = Console(as_json=as_json, quiet=quiet)
    try:
        clips = [clip for clip in read_manifest(manifest) if split in (None, clip.split)]
        if not clips:
            raise RecipeError(f"{manifest} has no rows of split {split}; leave --split out")
        with console.progress(out) as progress:
            found = make_pairs(
                out, clips, read_manifest(noise) if noise else (), parts=parts or PARTS,
                count=count, seconds=seconds, seed=seed, progress=progress,
            )  # fmt: skip
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    made = ", ".join(f"{items} of {part}" for part, items in found.items.items())
    console.line(f"{out}  {found.pairs} pairs  {made}")
    left_out = Counter(refusal.name.partition(",")[0] for refusal in found.refusals)
    for part, many in left_out.items():
        first = next(each for each in found.refusals if each.name.startswith(f"{part},"))
        console.line(f"{part} leaves out {many} recordings, the first {first}")
    for part, why in found.missing.items():
        (console.failure if parts else console.line)(f"without {part}: it {why}")
    console.result(
        {
            "pairs": found.pairs,
            "items": dict(found.items),
            "missing": dict(found.missing),
            "refused": {each.name: each.reason for each in found.refusals},
        }
    )
    return FAILED if parts and found.missing else 0
