"""Say what a checkpoint holds, without loading its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vocable.tokens import TokenSpec


@dataclass(frozen=True)
class Description:
    """What a model's files say of it. `facts` has at least the names that are properties here."""

    folder: Path
    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self.facts["name"])

    @property
    def version(self) -> str:
        """The version of its token space."""
        return str(self.facts["version"])

    @property
    def architecture(self) -> str:
        """The name that its architecture is registered by."""
        return str(self.facts["architecture"])

    @property
    def config(self) -> Mapping[str, Any]:
        """The config of its architecture, as plain values."""
        config: Mapping[str, Any] = self.facts["config"]
        return config

    @property
    def space(self) -> str:
        """The space of its tokens, `name@version:digest`."""
        return str(self.facts["space"])

    @property
    def spec(self) -> TokenSpec | None:
        """What the tokens are, where the files say so."""
        return TokenSpec.from_dict(self.facts["spec"]) if "spec" in self.facts else None

    @property
    def licence(self) -> str:
        """The licence of the weights; empty where nothing says it."""
        return str(self.facts.get("licence", ""))

    @property
    def card(self) -> str:
        """The text of its model card; empty where it has none."""
        path = self.folder / "CARD.md"
        return path.read_text(encoding="utf-8-sig") if path.is_file() else ""
