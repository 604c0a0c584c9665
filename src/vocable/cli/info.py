"""`vocable info FILE_OR_MODEL`: describe a token file, a recording or a model, without torch."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.context_table import context_facts, context_table
from vocable.cli.errors import Refusal, message_of
from vocable.cli.info_language import language_rows
from vocable.cli.info_units import encoder_rows, units_facts, units_rows, vocoder_rows
from vocable.cli.paths import is_special
from vocable.cli.pipes import input_path
from vocable.cli.units import file_size, kbps, table
from vocable.errors import ModelError

if TYPE_CHECKING:
    from vocable.tokens import Fit, TokenSpec


@click.command("info")
@click.argument("what", metavar="FILE_OR_MODEL", type=options.FILE)
@click.option(
    "--context",
    type=click.IntRange(min=1),
    metavar="N",
    help="Also show how many seconds fit into N positions, for each layout.",
)
@options.as_json
def command(what: str, context: int | None, as_json: bool) -> int:
    """Describe a token file, a recording or a model.

    FILE_OR_MODEL is a .vcb file, a recording, "-" for either on stdin, tokens as .npy, .npz or
    .safetensors, or a model: its folder, its file, or its name (`vocable models`). Of published
    units it says which files make them, and where these are.
    """
    console = Console(as_json=as_json)
    for title, facts, spec in entries(what):
        if context is not None:
            if spec is None:
                raise Refusal(without_context(what, facts["kind"], context))
            facts["context"] = context_facts(_fits(spec, context, facts.get("levels")))
        console.result({"input": what, **facts})
        if not as_json:
            click.echo(_as_text(title, facts, spec, context))
    return 0


def without_context(what: str, kind: str, context: int) -> str:
    """Return why nothing can be said of a context."""
    if kind != "recording":
        return f"--context: {what} does not say what its tokens are; give a .vcb file of it"
    return (
        f"--context: {what} is a recording; how much fits depends on the codec: "
        f"vocable info {options.DEFAULT_CODEC} --context {context}"
    )


Entry = tuple[str, dict[str, Any], "TokenSpec | None"]


def entries(what: str) -> list[Entry]:
    """Return title, facts and spec of each track, of a recording, or of a model."""
    from vocable.load import is_bundled

    if is_special(what) or (_is_no_model(what) and not is_bundled(what)):
        with input_path(what) as path:
            return _tracks(path, what) if _is_token_file(path) else [_recording(path, what)]
    if _must_be_file(what):
        raise Refusal(f"no such file: {what}")
    if not os.path.exists(what) and (units := units_facts(what)):
        return [(what, units, None)]
    return [_model(what)]


def _is_no_model(what: str) -> bool:
    """Return whether a file holds tokens or a recording."""
    from vocable.codecs.keys.kind import ENDINGS, kind_of
    from vocable.tokens.array_files import holds_tokens

    if not os.path.isfile(what) or what.endswith(".safetensors"):
        return os.path.isfile(what) and holds_tokens(what)
    try:
        return what.endswith(".npz") or kind_of(Path(what)) is None
    except ModelError:  # empty, say: its ending decides what is missing
        return Path(what).suffix not in ENDINGS


def _must_be_file(what: str) -> bool:
    """Return whether a name that does not exist can only mean a file, not a model."""
    from vocable.audio.formats import READABLE
    from vocable.tokens.array_files import ENDINGS

    ending, folder = os.path.splitext(what)[1].lower(), os.path.dirname(what)
    return not os.path.exists(what) and (
        ending in (".vcb", *ENDINGS, *READABLE) or (folder != "" and os.path.isdir(folder))
    )


def _is_token_file(path: str) -> bool:
    """Return whether a file holds tokens, by its first bytes or its ending."""
    from vocable.tokens.array_files import ENDINGS
    from vocable.tokens.file.records import MAGIC

    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC or path.lower().endswith((".vcb", *ENDINGS))


def _recording(path: str, title: str) -> Entry:
    from vocable.cli.results import audio_facts

    facts = {"kind": "recording", **audio_facts(path), "bytes": os.path.getsize(path)}
    return title, facts, None


def _tracks(path: str, title: str) -> list[Entry]:
    from vocable.cli.results import rate_on_disk, track_facts
    from vocable.tokens import TokenFile

    entries: list[Entry] = []
    with TokenFile(path) as file:
        for name in file.tracks:
            facts = track_facts(file, name)
            if len(file.tracks) == 1:
                facts |= rate_on_disk(path, facts["seconds"])
            track_title = f"{title}, track {name}" if name else title
            facts = {"kind": "tokens", "track": name, "complete": file.complete, **facts}
            entries.append((track_title, facts, file.tracks[name].spec))
    return entries


def _model(name: str) -> Entry:
    from vocable.codecs.keys.description import Description
    from vocable.load import describe_any

    try:
        model = describe_any(name)
    except (ModelError, OSError) as error:
        raise Refusal(message_of(error)) from error
    if not isinstance(model, Description):
        return f"{model.name}  ({model.path})", {"kind": model.kind, **model.facts}, None
    spec = model.spec
    facts: dict[str, Any] = {"kind": "model", "folder": str(model.folder), **model.facts}
    if spec is not None:
        facts["bits_per_second"] = float(spec.bitrate())
        facts["frames_per_second"] = float(spec.frame_rate)
    return f"{model.name}  ({model.folder})", facts, spec


def _fits(spec: TokenSpec, context: int, levels: Any) -> list[Fit]:
    from vocable.tokens import fits

    return fits(spec, context, levels if isinstance(levels, int) else None)


def _as_text(title: str, facts: dict[str, Any], spec: TokenSpec | None, context: int | None) -> str:
    rows: dict[str, Callable[[dict[str, Any], Any], list[tuple[str, str]]]] = {
        "tokens": _token_rows,
        "recording": _recording_rows,
        "model": _model_rows,
        "encoder": encoder_rows,
        "units": units_rows,
        "language model": language_rows,
        "vocoder": vocoder_rows,
    }
    paragraphs = [title, table(rows[facts["kind"]](facts, spec))]
    if "context" in facts:
        paragraphs.append(context_table(facts["context"], context))
    return "\n".join(paragraphs)


def _recording_rows(facts: dict[str, Any], spec: Any) -> list[tuple[str, str]]:
    return [("recording", _length(facts)), ("size", file_size(facts["bytes"]))]


def _length(facts: dict[str, Any]) -> str:
    length = "length not stated" if facts["seconds"] is None else f"{facts['seconds']:.2f} s"
    exact = f", {facts['samples']} samples" if facts["samples"] is not None else ""
    channels = "1 channel" if facts["channels"] == 1 else f"{facts['channels']} channels"
    return f"{length}{exact} at {facts['rate_hz']} Hz, {channels}"


def _token_rows(facts: dict[str, Any], spec: TokenSpec) -> list[tuple[str, str]]:
    from vocable.tokens.spec_rows import spec_rows

    streams = "1 stream" if facts["streams"] == 1 else f"{facts['streams']} streams"
    rows = [
        ("space", facts["space"]),
        ("recording", _length(facts)),
        ("tokens", f"{facts['frames']} frames × {facts['levels']} levels, {streams}"),
        *_lasting(facts),
        *spec_rows(spec, facts["levels"]),
        ("bit rate, nominal", kbps(facts["bits_per_second"])),
    ]
    if facts.get("bits_per_second_on_disk"):
        on_disk = f"{kbps(facts['bits_per_second_on_disk'])} ({file_size(facts['bytes'])})"
        rows.append(("bit rate, on disk", on_disk))
    if "coded_by" in facts:
        rows.append(("coded by", f"{facts['coded_by']}, which reading needs"))
    if not facts["complete"]:
        rows.append(("end", "missing: the stream broke off"))
    return rows


def _lasting(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return how many tokens a level has that last for several frames."""
    if "tokens" not in facts:
        return []
    rate = f"{facts['tokens_per_second']:.2f} tokens/s of {facts['frames_per_second']:g} frames/s"
    return [("durations", f"{facts['tokens']} tokens a level, {rate}")]


def _model_rows(facts: dict[str, Any], spec: TokenSpec | None) -> list[tuple[str, str]]:
    from vocable.load.separators import ARCHITECTURE
    from vocable.tokens.spec_rows import audio_row, spec_rows

    rows = [("space", facts["space"])] if facts["space"] else []
    rows.append(("architecture", facts["architecture"]))
    if facts["architecture"] == ARCHITECTURE:
        config = facts["config"]
        how = "in steps" if config["causal"] else "whole recordings"
        rows.append(("parts", f"{config['speakers']} speakers at {config['rate']} Hz, {how}"))
    if "voices" in facts:  # it says texts
        rows += [("voices", ", ".join(facts["voices"]) or "none of its own")]
    if "speakers" in facts:  # it decodes units
        rows += [("speakers", ", ".join(facts["speakers"]) or "numbers, or one")]
    if spec is not None:
        rows += [audio_row(spec), *spec_rows(spec, len(spec.levels))]
        rows += [("bit rate", kbps(float(spec.bitrate())))]
    rows += [("licence", facts["licence"])] if facts.get("licence") else []
    return rows
