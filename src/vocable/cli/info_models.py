"""What `vocable info` says of models, from their files alone: each kind says more of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from vocable.cli.errors import Refusal, message_of
from vocable.cli.info_entry import Entry, Rows
from vocable.cli.units import kbps
from vocable.errors import ModelError

if TYPE_CHECKING:
    from vocable.codecs.keys.description import Description
    from vocable.tokens import TokenSpec


def model_entry(name: str) -> Entry:
    """Return a model of whatever kind; Refusal where there is none."""
    from vocable.codecs.keys.description import Description
    from vocable.load import describe_any

    try:
        model = describe_any(name)
    except (ModelError, OSError) as error:
        raise Refusal(message_of(error)) from error
    if isinstance(model, Description):
        return _described(model)
    facts = {"kind": model.kind, **model.facts}
    return Entry(f"{model.name}  ({model.path})", facts, lambda: model.rows)


def _described(model: Description) -> Entry:
    spec = model.spec
    facts: dict[str, Any] = {"kind": "model", "folder": str(model.folder), **model.facts}
    if spec is not None:
        if spec.latent is None:
            facts["bits_per_second"] = float(spec.bitrate())
        facts["frames_per_second"] = float(spec.frame_rate)
    return Entry(f"{model.name}  ({model.folder})", facts, partial(_rows, model, spec), spec)


def _rows(model: Description, spec: TokenSpec | None) -> Rows:
    from vocable.load.kinds import kind_of
    from vocable.tokens.spec_rows import audio_row, spec_rows

    rows = [("space", model.space)] if model.space else []
    rows += [("architecture", model.architecture), *kind_of(model).rows(model)]
    if spec is not None:
        rows += [audio_row(spec), *spec_rows(spec, len(spec.levels))]
        if spec.latent is None:
            rows += [("bit rate", kbps(float(spec.bitrate())))]
    return rows + ([("licence", model.licence)] if model.licence else [])
