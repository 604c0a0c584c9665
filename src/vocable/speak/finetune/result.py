"""What a fine-tuning has come to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from vocable.atomic import replacing
from vocable.speak.finetune.trained import Part

FILE = "finetune.json"


@dataclass(frozen=True)
class Finetuned:
    """folder: where adapter or model are. parts: what learnt. share: of all weights.

    bits: of a held-out frame, by the steps of the evaluations; best: the step whose weights are
    kept, -1 where nothing was held out. likeness: of held-out texts as they were spoken, -1 to 1,
    by the embedding `speakers`. verdict: "healthy", or what is wrong and what to do.
    """

    folder: Path
    model: str
    method: str
    consent: str
    parts: tuple[Part, ...]
    share: float
    rows: int
    left_out: dict[str, str]
    bits: dict[int, float]
    likeness: dict[int, float]
    speakers: str
    best: int
    verdict: str

    def write(self) -> None:
        """Leave it beside the weights."""
        table = {key: value for key, value in asdict(self).items() if key != "folder"}
        with replacing(self.folder / FILE, overwrite=True) as fresh:
            fresh.write_text(json.dumps(table, indent=2, ensure_ascii=False) + "\n", "utf-8")
