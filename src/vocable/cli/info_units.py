"""What `vocable info` says of published units, here or not."""

from __future__ import annotations

from typing import Any

from vocable.cli.info_entry import Rows


def units_facts(name: str) -> dict[str, Any] | None:
    """Return what is known of published units; None for another name."""
    from vocable.units.published import published_encoder, published_units

    units = published_units(name)
    encoder = published_encoder(units.encoder) if units else None
    if units is None or encoder is None:
        return None
    return {
        "kind": "units",
        "name": units.name,
        "encoder": encoder.name,
        "layer": units.layer,
        "size": units.size,
        "rate_hz": encoder.rate,
        "frames_per_second": encoder.frames,
        "files": [
            {"file": encoder.file, "url": encoder.url, "sha256": encoder.sha256},
            {"file": units.file, "url": units.url, "sha256": units.sha256},
        ],
        "licence": units.stated_licence,
        "licence_of_encoder": encoder.stated_licence,
    }


def units_rows(facts: dict[str, Any]) -> Rows:
    """Return what is known of published units as lines."""
    files = [("file" if not i else "", each["url"]) for i, each in enumerate(facts["files"])]
    return [
        ("units", f"{facts['size']}, of layer {facts['layer']} of {facts['encoder']}"),
        ("frames", f"{facts['frames_per_second']:g}/s of {facts['rate_hz']} Hz"),
        *files,
        ("licence", f"{facts['licence']}; of the encoder {facts['licence_of_encoder']}"),
        ("to check", f"vocable verify {facts['name']} --from FOLDER, with these files in it"),
    ]
