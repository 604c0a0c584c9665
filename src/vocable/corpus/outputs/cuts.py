"""A recording as Lhotse's cut: where its sound is, what is said in it, whose its tokens are."""

from __future__ import annotations

from typing import Any

from vocable.corpus.addresses import is_address
from vocable.corpus.rows import Row


def cut_of(key: str, row: Row) -> dict[str, Any]:
    """Return a cut of a row as JSON holds it, with `space` and `name`, the recording's id.

    It has a recording where that is a file of its own. Of a part of a file no more is known than
    that it goes on until the part ends.
    """
    channels = list(range(row.facts.channels))
    mono = len(channels) == 1
    cut: dict[str, Any] = {
        "id": key, "start": row.entry.start, "duration": row.facts.seconds,
        "channel": channels[0] if mono else channels, "supervisions": _supervisions(key, row),
        "custom": {"name": row.entry.id, "space": row.tokens.spec.space},
    }  # fmt: skip
    if row.entry.path:
        cut["recording"] = _recording(key, row, channels)
    return cut | {"type": "MonoCut" if mono else "MultiCut"}


def _recording(key: str, row: Row, channels: list[int]) -> dict[str, Any]:
    kind = "url" if is_address(row.entry.path) else "file"
    samples = round(row.entry.start * row.facts.rate) + row.facts.samples
    return {
        "id": key, "sampling_rate": row.facts.rate, "num_samples": samples,
        "sources": [{"type": kind, "channels": channels, "source": row.entry.path}],
        "duration": samples / row.facts.rate, "channel_ids": channels,
    }  # fmt: skip


def _supervisions(key: str, row: Row) -> list[dict[str, Any]]:
    """Return what is known of who says what, where anything is."""
    known = {k: v for k in ("text", "speaker", "language") if (v := getattr(row.entry, k))}
    if not known:
        return []
    channels = list(range(row.facts.channels))
    place = {"id": key, "recording_id": key, "start": 0.0, "duration": row.facts.seconds}
    return [place | {"channel": channels[0] if len(channels) == 1 else channels} | known]
