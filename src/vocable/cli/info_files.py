"""What `vocable info` says of token files and recordings, from their headers alone."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.cli.info_entry import Entry, Rows
from vocable.cli.units import file_size, kbps
from vocable.errors import ModelError

if TYPE_CHECKING:
    from vocable.tokens import TokenSpec


def is_no_model(what: str) -> bool:
    """Return whether a file holds tokens or a recording."""
    from vocable.codecs.keys.kind import ENDINGS, kind_of
    from vocable.tokens.array_files import holds_tokens

    if not os.path.isfile(what) or what.endswith(".safetensors"):
        return os.path.isfile(what) and holds_tokens(what)
    try:
        return what.endswith(".npz") or kind_of(Path(what)) is None
    except ModelError:  # empty, say: its ending decides what is missing
        return Path(what).suffix not in ENDINGS


def must_be_file(what: str) -> bool:
    """Return whether a name that does not exist can only mean a file, not a model."""
    from vocable.audio.formats import READABLE
    from vocable.tokens.array_files import ENDINGS

    ending, folder = os.path.splitext(what)[1].lower(), os.path.dirname(what)
    return not os.path.exists(what) and (
        ending in (".vcb", *ENDINGS, *READABLE) or (folder != "" and os.path.isdir(folder))
    )


def file_entries(path: str, title: str) -> list[Entry]:
    """Return the tracks of a token file, or a recording."""
    return _tracks(path, title) if _is_token_file(path) else [_recording(path, title)]


def _is_token_file(path: str) -> bool:
    """Return whether a file holds tokens, by its first bytes or its ending."""
    from vocable.tokens.array_files import ENDINGS
    from vocable.tokens.file.records import MAGIC

    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC or path.lower().endswith((".vcb", *ENDINGS))


def _recording(path: str, title: str) -> Entry:
    from vocable.cli.results import audio_facts

    facts = {"kind": "recording", **audio_facts(path), "bytes": os.path.getsize(path)}
    return Entry(title, facts, partial(_recording_rows, facts))


def _tracks(path: str, title: str) -> list[Entry]:
    from vocable.cli.results import rate_on_disk, token_facts, track_facts
    from vocable.tokens import TokenFile
    from vocable.tokens.array_files import latents_in

    if (latents := latents_in(path)) is not None:
        facts = {"kind": "tokens", **token_facts(path)}
        return [Entry(title, facts, partial(_latent_rows, facts, latents.spec), latents.spec)]
    entries: list[Entry] = []
    with TokenFile(path) as file:
        for name in file.tracks:
            facts = track_facts(file, name)
            if len(file.tracks) == 1:
                facts |= rate_on_disk(path, facts["seconds"])
            track_title = f"{title}, track {name}" if name else title
            facts = {"kind": "tokens", "track": name, "complete": file.complete, **facts}
            spec = file.tracks[name].spec
            entries.append(Entry(track_title, facts, partial(_token_rows, facts, spec), spec))
    return entries


def _recording_rows(facts: dict[str, Any]) -> Rows:
    return [("recording", _length(facts)), ("size", file_size(facts["bytes"]))]


def _length(facts: dict[str, Any]) -> str:
    length = "length not stated" if facts["seconds"] is None else f"{facts['seconds']:.2f} s"
    exact = f", {facts['samples']} samples" if facts["samples"] is not None else ""
    channels = "1 channel" if facts["channels"] == 1 else f"{facts['channels']} channels"
    return f"{length}{exact} at {facts['rate_hz']} Hz, {channels}"


def _token_rows(facts: dict[str, Any], spec: TokenSpec) -> Rows:
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


def _latent_rows(facts: dict[str, Any], spec: TokenSpec) -> Rows:
    from vocable.tokens.spec_rows import spec_rows

    streams = "1 stream" if facts["streams"] == 1 else f"{facts['streams']} streams"
    return [
        ("space", facts["space"]),
        ("recording", _length(facts)),
        ("tokens", f"{facts['frames']} frames × {facts['floats_per_frame']} floats, {streams}"),
        *spec_rows(spec, 1),
        ("size", file_size(facts["bytes"])),
    ]


def _lasting(facts: dict[str, Any]) -> Rows:
    """Return how many tokens a level has that last for several frames."""
    if "tokens" not in facts:
        return []
    rate = f"{facts['tokens_per_second']:.2f} tokens/s of {facts['frames_per_second']:g} frames/s"
    return [("durations", f"{facts['tokens']} tokens a level, {rate}")]
