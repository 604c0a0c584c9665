"""Recordings that are trained on are played at other speeds as well, as of other speakers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.train.language.test_conditions import Counts, write_sounds
from vocable.errors import RecipeError
from vocable.tokens.sets import TokenSet
from vocable.train.language.prepare import prepare_tokens


def test_other_speeds_are_other_speakers(tmp_path: Path) -> None:
    source = write_sounds(tmp_path / "sounds", ["train", "valid"])
    rows = [json.loads(line) for line in source.read_text().splitlines()]
    rows[0].update({"speaker": "a", "set": "b", "start": 0.5, "end": 1.5})
    source.write_text("\n".join(map(json.dumps, rows)))
    found = prepare_tokens(source, tmp_path / "set", Counts, speeds=(1.25, 2.0))
    assert found.splits == {"train": 3, "valid": 1} and not found.refused
    tokens = TokenSet(tmp_path / "set")
    assert [(each.name, each.speaker, each.set, each.split) for each in tokens.abouts] == [
        ("r0@0.5", "a", "b", "train"),
        ("r0@0.5@1.25", "a@1.25", "b@", "train"),
        ("r0@0.5@2", "a@2", "b@", "train"),
        ("r1", "", "", "valid"),
    ]
    frames = [tokens.cut(item, "semantic").frames for item in range(4)]
    assert frames == [50, 40, 25, 100]


def test_tokens_have_one_speed(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    tokens = Counts().encode(type("Sound", (), {"samples": np.ones((1, 200))}))["semantic"]
    tokens.save(tmp_path / "files" / "a.vcb")
    with pytest.raises(RecipeError, match=r"a\.vcb holds tokens, which have one speed"):
        prepare_tokens(tmp_path / "files", tmp_path / "set", Counts, speeds=(0.8,))
    assert not (tmp_path / "set").exists()
