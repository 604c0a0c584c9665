"""What `vocable info` says of language models: what they can do, from their files alone."""

from __future__ import annotations

from typing import Any


def language_rows(facts: dict[str, Any], spec: None) -> list[tuple[str, str]]:
    """Return what a checkpoint says of its model as lines."""
    from vocable.language.abilities import Abilities

    able = Abilities(**facts["abilities"])
    rows = [
        ("model", f"of language, {facts['architecture']}, {facts['layout']} layout"),
        *able.rows,
    ]
    return rows + ([("licence", facts["licence"])] if facts["licence"] else [])
