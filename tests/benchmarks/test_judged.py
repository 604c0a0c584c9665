"""What is judged: codecs by their weights, their quarters, and every clip in every condition."""

import json
from collections import Counter
from dataclasses import replace

import pytest
import soundfile
import torch

from benchmarks.clips import Clip
from benchmarks.conditions import COMPANY, LEVEL, TELEPHONE
from benchmarks.judged import Plan, open_codecs, others_of, read_sets
from benchmarks.judging import ITSELF
from benchmarks.scores import MEASURES
from tests.measures.signals import RATE, voice
from vocable.codecs import build
from vocable.load import save_model


@pytest.fixture
def judged(codec):
    return open_codecs([codec])


def test_a_codec_is_named_by_its_space_and_its_levels(judged):
    (only,) = judged
    assert only.name == "speech@1"
    assert [s.label for s in only.systems.values()] == [f"speech@1, {n} levels" for n in (2, 3, 4)]
    assert only.rates == {2: 350, 3: 450, 4: 550}
    assert only.full.levels == 4 and only.quarters() == [2, 3, 4]


def test_codecs_of_one_name_are_told_apart_by_their_weights(codec, tmp_path):
    small = {"encoder_channels": 16, "encoder_blocks": 1, "decoder_channels": 16}
    torch.manual_seed(1)
    save_model(build("speech", {**small, "decoder_blocks": 1, "sizes": [16] * 3}), tmp_path)
    first, second = open_codecs([codec, str(tmp_path)])
    assert first.full.label != second.full.label
    assert first.full.weights[:6] in first.full.label


def test_levels_near_a_quarter_of_all(judged):
    (only,) = judged
    systems = {n: only.full for n in range(2, 9)}
    assert replace(only, systems=systems).quarters() == [2, 4, 6, 8]
    rates = {n: 250.0 * n for n in range(2, 9)}
    assert replace(only, systems={n: n for n in rates}, rates=rates).low == 4


def test_every_clip_meets_every_condition(judged):
    clips = [Clip("a.wav", "a", language="en"), Clip("b.wav", "b", language="de")]
    sets = {"speech": clips, "far": clips[1:], "music": clips[:1]}
    tasks = Plan(judged, sets, True, True, True).tasks()
    counts = Counter((task.kind, task.clips, task.condition) for task in tasks)
    conditions = ["clean", *LEVEL, *TELEPHONE, *COMPANY]
    assert {key: 2 for key in counts if key[:2] == ("scores", "speech")} == {
        ("scores", "speech", condition): 2 for condition in conditions
    }
    assert counts["scores", "far", "clean"] == counts["scores", "music", "clean"] == 1
    assert counts["words", "speech", "clean"] == 1 and not counts["words", "far", "clean"]
    assert counts["speaker", "speech", "clean"] == 2
    clean = next(task for task in tasks if task.condition == "clean")
    assert clean.measures == MEASURES and len(clean.systems) == 3 + 3
    words = next(task for task in tasks if task.kind == "words")
    assert words.systems[0].label == ITSELF


def test_company_is_of_other_speakers_and_begins_with_the_next():
    clips = [Clip(f"{n}.wav", speaker) for n, speaker in enumerate("aabcaba")]
    assert [clip.path for clip in others_of(clips, 1)] == ["2.wav", "3.wav", "5.wav"]
    assert [clip.path for clip in others_of(clips, 3)][:2] == ["4.wav", "5.wav"]


def test_sets_are_named_by_their_folders_and_thinned_evenly(tmp_path):
    for name in ("near", "far"):
        (tmp_path / name).mkdir()
        rows = [{"path": f"{n}.wav", "text": "WORDS", "language": "en"} for n in range(6)]
        for row in rows:
            soundfile.write(tmp_path / name / row["path"], voice(0.1), RATE)
        (tmp_path / name / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    sets = read_sets([tmp_path / "near"], [tmp_path / "far" / "manifest.jsonl"], [], 3)
    assert list(sets) == ["speech", "far"]
    assert [clip.name for clip in sets["speech"]] == ["0.wav", "2.wav", "4.wav"]
    assert (sets["far"][0].text, sets["far"][0].language) == ("WORDS", "en")
