"""`vocable corpus sample FOLDER N`: hear recordings of a corpus, drawn at random."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal
from vocable.cli.open_codec import CodecCache
from vocable.cli.units import duration

if TYPE_CHECKING:
    from vocable.audio import Audio


@click.command("sample")
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False))
@click.argument("number", metavar="N", type=click.IntRange(min=1))
@click.option("--seed", type=int, default=0, show_default=True, help="Draws them.")
@click.option("--play", "aloud", is_flag=True, help="Play them, one after the other.")
@click.option(
    "-o", "--out", type=click.Path(file_okay=False), help="The folder of their sound, as .wav."
)
@options.codec_of_tokens
@options.machine
@options.force
@options.output
def command(
    folder: str, number: int, seed: int, aloud: bool, out: str | None, codec: str | None,
    device: str | None, threads: int | None, force: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Print ids and texts of N recordings, drawn at random, and play or keep their sound."""
    if aloud and out is not None:
        raise Refusal("--play plays recordings and -o keeps them; give one of them")
    from vocable.corpus import Corpus

    console = Console(as_json=as_json, quiet=quiet)
    corpus = Corpus(folder)
    keep = _player() if aloud else None if out is None else _writer(out, force)
    found = CodecCache(codec, device, threads).for_spec(corpus.spec) if keep else None
    for place in sorted(random.Random(seed).sample(range(len(corpus)), min(number, len(corpus)))):
        entry, item = corpus.entry(place), corpus.item(place)
        console.line(f"{item.id}  {duration(item.seconds)}  {entry.text}".rstrip())
        where = keep(item.id, found.decode(corpus[place][1])) if keep and found else None
        facts = {"seconds": item.seconds, "text": entry.text, "output": where}
        console.result({"id": item.id, **facts})


def _player() -> Callable[[str, Audio], str | None]:
    from vocable.cli.play import play

    return lambda _, audio: play(audio)


def _writer(folder: str, force: bool) -> Callable[[str, Audio], str | None]:
    from vocable.corpus.names import file_name

    def write(name: str, audio: Audio) -> str:
        path = os.path.join(folder, file_name(name, ".wav"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        audio.save(path, overwrite=force)
        return path

    return write
