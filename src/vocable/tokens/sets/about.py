"""What is known of a recording beside its tokens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class About:
    """name: of the recording, the same in all that was made of it. split: train, valid or eval."""

    name: str
    split: str = "train"
    set: str = ""  # the collection it belongs to
    speaker: str = ""
    language: str = ""
    text: str = ""
    source_text: str = ""  # what is said in a track "source", of a pair of recordings

    @property
    def facts(self) -> dict[str, Any]:
        """What is not empty, as plain values."""
        return {key: value for key, value in asdict(self).items() if value}
