"""`vocable data …`: list recordings, make of them what is learnt from, and pairs."""

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.data_conversations import command as conversations
from vocable.cli.data_pairs import pairs
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import FAILED
from vocable.cli.paths import check_outputs
from vocable.cli.units import duration
from vocable.folders import search
from vocable.nearest import listed

_speeds = click.option(
    "--speed",
    "speeds",
    multiple=True,
    type=options.FloatRange(0.5, 2),
    help="Also as of other speakers, played at this speed; may come again.",
)


@click.group("data")
def command() -> None:
    """Prepare recordings for training, and for what models are asked."""


@command.command("scan")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option(
    "-o", "--out", type=click.Path(), help="The manifest.  [default: FOLDER/manifest.jsonl]"
)
@options.force
@options.output
def scan(folder: str, out: str | None, force: bool, as_json: bool, quiet: bool) -> int:
    """List a folder's recordings in a manifest: durations, rates, loudness, silence, bad files."""
    from vocable.train.data.manifest import scan as scan_folder

    target = out or os.path.join(folder, "manifest.jsonl")
    check_outputs([target], folder, force=force)
    console = Console(as_json=as_json, quiet=quiet)
    with console.progress(folder) as progress:
        found = scan_folder(folder, progress=_FileCounter(folder, progress))
    if found.rows:
        found.save(target)
    console.line(_summary(found, target))
    if found.left_out:
        console.line(f"left out: {found.left_out}")
    for line in _notes(found):
        console.line(line)
    for name, why in found.bad.items():
        console.failure(why if name in why else f"{name}: {why}")
    console.result(_facts(found, target))
    return FAILED if found.bad else 0


@command.command("phones")
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--out", type=click.Path(), required=True, help="The new manifest.")
@options.force
@options.output
def phones(manifest: str, out: str, force: bool, as_json: bool, quiet: bool) -> int:
    """Add the times of phones to the rows of a manifest that have an English text.

    By PocketSphinx: pip install pocketsphinx. What cannot be aligned is kept without phones.
    """
    from pathlib import Path

    from vocable.measures.aligner import Aligner
    from vocable.train.data.phones import align_manifest

    check_outputs([out], manifest, force=force)
    console = Console(as_json=as_json, quiet=quiet)
    with console.progress(manifest) as progress:
        found = align_manifest(Path(manifest), Aligner(), progress)
    found.save(out, overwrite=force)
    aligned = sum("phones" in row for row in found.rows)
    console.line(f"{out}  {len(found.rows)} rows  {aligned} with phones")
    for name, why in found.refused.items():
        console.line(f"without phones: {name}: {why}")
    console.result({"manifest": out, "rows": len(found.rows), "aligned": aligned})
    return 0


@command.command("speech")
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--out", type=click.Path(), required=True, help="The packed speech, an .npz.")
@click.option(
    "--codec", default="speech-16k", show_default=True, help="Whose tokens are learnt: a name."
)
@_speeds
@click.option("--units", help="Say these units in place of phones, as units-16k.")
@options.force
@options.output
def speech(
    manifest: str, out: str, codec: str, speeds: tuple[float, ...], units: str | None, force: bool,
    as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Make speech ready for `vocable train say`: its tokens, and how long each phone lasts.

    Of the rows of a manifest that have a text, in English or German ("language": "de"). With
    --units of all rows: what is said is their units, and a text is not asked for.
    """
    from pathlib import Path

    from vocable.cli.open_codec import open_codec
    from vocable.train.say.prepare import prepare

    check_outputs([out], manifest, force=force)
    console = Console(as_json=as_json, quiet=quiet)
    opened = open_codec(codec, None, None)
    alphabet = None if units is None else _units(units)
    with console.progress(manifest) as progress:
        found = prepare(Path(manifest), opened, progress, speeds, alphabet)
    found.speech.save(Path(out), overwrite=force)
    seconds = float(found.speech.arrays["frame_counts"].sum()) * found.speech.frame_seconds
    console.line(f"{out}  {len(found.speech)} utterances  {duration(seconds)}")
    for name, why in found.refused.items():
        console.line(f"left out: {name}: {why}")
    facts = {"speech": out, "utterances": len(found.speech), "seconds": seconds}
    console.result({**facts, "refused": found.refused})
    return 0


def _units(name: str) -> Any:
    """Return the units that are said."""
    from vocable.cli.open_codec import open_tokenizer
    from vocable.codecs.bundle import Bundle
    from vocable.train.say.units import Units

    opened = open_tokenizer(name, None, None)
    if isinstance(opened, Bundle):
        raise Refusal(f"--units takes one tokenizer, {name} joins several")
    return Units(opened)


@command.command("tokens")
@click.argument("source", type=click.Path(exists=True), metavar="MANIFEST_OR_FOLDER")
@click.option("-o", "--out", type=click.Path(), required=True, help="The folder of the set.")
@click.option(
    "--codec",
    default="speech-16k",
    show_default=True,
    help="What encodes recordings: a name, or several joined by +.",
)
@click.option(
    "--condition",
    metavar="NAME_OR_FOLDER",
    help="Also what each recording is like: by say-16k, a CLAP, or as another set has it.",
)
@_speeds
@options.mix
@options.machine
@options.force
@options.output
def tokens(
    source: str, out: str, codec: str, condition: str | None, speeds: tuple[float, ...], mix: bool,
    device: str | None, threads: int | None, force: bool, as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Make a set of tokens for `vocable train language`, of recordings or of token files.

    Of the rows of a manifest, or of all .vcb files in a folder. Where no row says its split, every
    tenth recording is held out.
    """
    from pathlib import Path

    from vocable.cli.open_codec import open_bundle, open_condition
    from vocable.tokens.sets import check_folder
    from vocable.train.language.prepare import prepare_tokens

    try:
        check_folder(Path(out), overwrite=force)
    except FileExistsError as error:
        raise Refusal(message_of(error)) from error
    asked = None if condition is None else open_condition(condition, device, threads)
    console = Console(as_json=as_json, quiet=quiet)
    with console.progress(source) as progress:
        found = prepare_tokens(
            Path(source), Path(out), lambda: open_bundle(codec, device, threads),
            condition=asked, mix=mix, speeds=speeds, overwrite=force, progress=progress,
        )  # fmt: skip
    frames = listed(f"{count} frames of {track}" for track, count in found.frames.items())
    splits = listed(f"{count} {split}" for split, count in sorted(found.splits.items()))
    console.line(f"{out}  {found.recordings} recordings ({splits})  {frames}")
    for name, why in found.refused.items():
        console.failure(why if name in why else f"{name}: {why}")
    console.result({"set": out, **asdict(found)})
    return FAILED if found.refused else 0


command.add_command(conversations)
command.add_command(pairs)


class _FileCounter:
    """Called with each file before it is read; reports the share of files that are done."""

    def __init__(self, folder: str, report: Callable[[float], None]) -> None:
        from vocable.audio.formats import READABLE

        self._report = report
        self._done = 0
        self._total = len(search(folder, READABLE).files)

    def __call__(self, path: str) -> None:
        self._report(self._done / max(1, self._total))
        self._done += 1


def _summary(found: Any, target: str) -> str:
    if not found.rows:
        return "no recording can be used, so no manifest was written"
    rates = listed(f"{rate} Hz" for rate in sorted({row["rate"] for row in found.rows}))
    bad = f"  {len(found.bad)} bad" if found.bad else ""
    return f"{target}  {len(found.rows)} recordings  {duration(found.seconds)}  {rates}{bad}"


def _notes(found: Any) -> list[str]:
    """Return one line for each kind of poor recording, with the first names."""
    from vocable.train.data.faults import KINDS

    lines = []
    for kind, about in KINDS.items():
        if names := found.noted.get(kind):
            lines.append(f"{len(names)} {about}: {listed(names)}")
    return lines


def _facts(found: Any, target: str) -> dict[str, Any]:
    return {
        "manifest": target if found.rows else None,
        "recordings": len(found.rows),
        "seconds": found.seconds,
        "bad": found.bad,
        "left_out": found.left_out,
        "noted": found.noted,
    }
