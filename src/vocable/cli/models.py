"""`vocable models`: list the models of the package, and what others have published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.info_units import units_facts
from vocable.cli.units import columns, kbps

if TYPE_CHECKING:
    from vocable.codecs.published import Entry, Published
    from vocable.load.published_language import PublishedLanguage
    from vocable.units.published import PublishedEncoder, PublishedUnits

HEAD = ("name", "rate", "frames/s", "kbps", "latency", "licence of the weights", "")
ENCODER_HEAD = ("encoder", "frames/s", "layers", "channels", "licence of the weights", "")
SPEAKS_HEAD = ("speaks", "voices", "tokens", "licence of the weights", "")
VOCODES_HEAD = ("vocoder", "units", "voices", "licence of the weights", "")
PARTS_HEAD = ("parts", "speakers", "rate", "licence of the weights", "")
LANGUAGE_HEAD = ("language model", "text", "tokens", "licence of the weights", "")
UNITS_HEAD = ("units", "encoder", "layer", "k", "licence of the centres")


@click.command("models")
@options.as_json
def command(as_json: bool) -> int:
    """List the models that come with the package, and published ones: codecs, encoders, language.

    The last column says whether a published one is here, and how its file is checked: against a
    pinned hash, against the one that was recorded, or not yet, at the first use. Those with a "?"
    behind their licence state it elsewhere than beside the weights. Others are used by their
    folder or file: --codec FOLDER. A name of the package is its newest version, NAME@VERSION that
    one; tokens decode by the version that made them.
    """
    from vocable.codecs.published import PUBLISHED
    from vocable.load import continuing, describe, parting, sayers, vocoding
    from vocable.load.bundled import bundled
    from vocable.load.published_language import LANGUAGE
    from vocable.units.published import ENCODERS, UNITS

    console = Console(as_json=as_json)
    rows: list[tuple[str, ...]] = [HEAD]
    apart = {each.name for each in (*sayers(), *continuing(), *parting(), *vocoding())}
    for name in bundled(older=True):
        if (own := describe(name)).name not in apart:
            console.result(facts_of(own) | {"name": name, "here": True})
            rows.append(_bundled_row(name, own))
    for entry in PUBLISHED:
        facts = published_facts(entry)
        console.result(facts)
        rows.append(_published_row(entry, facts))
    encoders: list[tuple[str, ...]] = [ENCODER_HEAD]
    units: list[tuple[str, ...]] = [UNITS_HEAD]
    for encoder in ENCODERS:
        facts = encoder_facts(encoder)
        console.result(facts)
        encoders.append(_encoder_row(encoder, facts))
    for each in UNITS:
        console.result(units_facts(each.name) or {})
        units.append(_units_row(each))
    speaks: list[tuple[str, ...]] = [SPEAKS_HEAD]
    for sayer in sayers():
        console.result(facts_of(sayer) | {"here": True})
        speaks.append(_speaks_row(sayer))
    vocodes: list[tuple[str, ...]] = [VOCODES_HEAD]
    for vocoder in vocoding():
        console.result(facts_of(vocoder) | {"here": True})
        vocodes.append(_vocodes_row(vocoder))
    parts: list[tuple[str, ...]] = [PARTS_HEAD]
    for separator in parting():
        console.result(facts_of(separator) | {"here": True})
        parts.append(_parts_row(separator))
    language: list[tuple[str, ...]] = [LANGUAGE_HEAD]
    for ours in continuing():
        console.result(facts_of(ours) | {"here": True})
        language.append(_ours_row(ours))
    for model in LANGUAGE:
        facts = language_facts(model)
        console.result(facts)
        language.append(_language_row(model, facts))
    if not as_json:
        tables = rows, encoders, units, speaks, vocodes, parts, language
        click.echo("\n\n".join(columns(table) for table in tables))
    return 0


def _speaks_row(model: Any) -> tuple[str, ...]:
    voices = ", ".join(model.facts["voices"])
    return model.name, voices, model.space.partition(":")[0], model.licence, "here"


def _vocodes_row(model: Any) -> tuple[str, ...]:
    facts = model.facts
    space = facts["units"]["space"] if "units" in facts else model.space
    hears = "units" in facts or model.config["embedding"]
    named = facts.get("voices", facts.get("speakers", ()))
    voices = ", ".join([*named, *(["any"] if hears else [])])
    return model.name, space.partition(":")[0], voices, model.licence, "here"


def _parts_row(model: Any) -> tuple[str, ...]:
    config = model.config
    return model.name, str(config["speakers"]), f"{config['rate']} Hz", model.licence, "here"


def _ours_row(model: Any) -> tuple[str, ...]:
    return model.name, "none", model.space.partition(":")[0], model.licence, "here"


def facts_of(model: Any) -> dict[str, Any]:
    """Return the facts of a model for --json."""
    return {"folder": str(model.folder), **model.facts}


def published_facts(entry: Published) -> dict[str, Any]:
    """Return the facts of a published codec for --json."""
    return {
        **_entry_facts(entry),
        "rate_hz": entry.rate,
        "channels": entry.channels,
        "frames_per_second": entry.frames,
        "bits_per_second": [1000 * rate for rate in entry.kbps],
        "latency": entry.latency,
    }


def encoder_facts(entry: PublishedEncoder) -> dict[str, Any]:
    """Return the facts of a published encoder for --json."""
    return {
        **_entry_facts(entry),
        "rate_hz": entry.rate,
        "frames_per_second": entry.frames,
        "layers": entry.layers,
        "channels_of_layers": entry.channels,
        "normalize": entry.normalize,
    }


def language_facts(entry: PublishedLanguage) -> dict[str, Any]:
    """Return the facts of a published language model for --json."""
    facts = {"text": entry.text, "codec": entry.codec, "levels": entry.levels}
    return {**_entry_facts(entry), **facts}


def _entry_facts(entry: Entry) -> dict[str, Any]:
    from vocable.load.fetching import availability

    found = availability(entry)
    return {
        "name": entry.name,
        "model": entry.model,
        "file": entry.file,
        "url": entry.url,
        "revision": entry.revision,
        "sha256": found.sha256,
        "licence": entry.licence,
        "licence_seen": entry.licence_seen,
        "here": found.here,
        "hash": found.hash,
    }


def _bundled_row(name: str, model: Any) -> tuple[str, ...]:
    spec, licence = model.spec, model.licence
    if spec is None:
        return (name, "", "", "", "", licence, "here")
    rates = f"{spec.rate} Hz", f"{float(spec.frame_rate):g}"
    rate = kbps(float(spec.bitrate())).split()[0]
    return (name, *rates, rate, str(model.facts.get("latency", "")), licence, "here")


def _published_row(entry: Published, facts: dict[str, Any]) -> tuple[str, ...]:
    rates = " ".join(f"{rate:g}" for rate in entry.kbps)
    return (
        entry.name, f"{entry.rate} Hz", f"{entry.frames:g}", rates, entry.latency,
        entry.stated_licence, _state(entry, facts),
    )  # fmt: skip


def _encoder_row(entry: PublishedEncoder, facts: dict[str, Any]) -> tuple[str, ...]:
    layers, channels = (str(each or "") for each in (entry.layers, entry.channels))
    licence = entry.stated_licence
    return entry.name, f"{entry.frames:g}", layers, channels, licence, _state(entry, facts)


def _units_row(entry: PublishedUnits) -> tuple[str, ...]:
    return entry.name, entry.encoder, str(entry.layer), str(entry.size), entry.stated_licence


def _language_row(entry: PublishedLanguage, facts: dict[str, Any]) -> tuple[str, ...]:
    tokens = f"{entry.levels} levels of {entry.codec}"
    return entry.name, entry.text, tokens, entry.stated_licence, _state(entry, facts)


def _state(entry: Entry, facts: dict[str, Any]) -> str:
    """Say whether the file is here, and what it is checked against."""
    where = "here" if facts["here"] else "absent" if entry.on_hub else "by hand"
    return f"{where}, {facts['hash']}"
