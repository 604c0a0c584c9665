"""Probes of tokens whose answer is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.evaluate.probes.made_up import QUICK, Tone, TwoLevels, classes, tokens
from vocable.evaluate.probes import Kept, Store, TokenInput, probe, summarise
from vocable.testing.codec_examples import small_codec


def run(folder, *sources, task=None, **how):
    store = Store(folder / "probes.jsonl")
    return probe([task or classes()], lambda task: sources, store, how=QUICK, **how)


@pytest.mark.parametrize("head", ["pooling", "bilstm", "xvector", "ecapa"])
def test_a_level_that_says_the_label_is_found_and_weighs_more(tmp_path, head):
    (found,) = run(tmp_path, tokens(), heads=[head], seeds=1)
    assert found.scores["accuracy"] > 0.95
    assert found.usual["accuracy"] == pytest.approx(1 / 3, abs=0.05)
    assert sum(found.weights) == pytest.approx(1, abs=1e-3)
    if head == "pooling":  # what follows a sum by a norm is slow to weigh
        assert found.weights[0] > 0.6


def test_a_level_of_noise_gives_chance_and_the_other_all(tmp_path):
    source = tokens(0), tokens(1)
    first, noise = run(tmp_path, *source, heads=["pooling"], seeds=1)
    assert first.levels == "0" and first.scores["accuracy"] > 0.95
    assert noise.levels == "1" and noise.scores["accuracy"] < 0.67


def test_seeds_repeat_and_differ_and_leave_the_callers_numbers(tmp_path):
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    noise = tokens(1)
    once = run(tmp_path / "a", noise, heads=["xvector"], seeds=2)
    assert torch.rand(1) == wanted
    again = run(tmp_path / "b", noise, heads=["xvector"], seeds=2)
    assert once == again
    assert once[0].key != once[1].key


def test_only_what_is_missing_is_trained(tmp_path, monkeypatch):
    tokenizer = TwoLevels()
    source = tokens(tokenizer=tokenizer)
    before = run(tmp_path, source, heads=["pooling"], seeds=1)
    lines = (tmp_path / "probes.jsonl").read_text()
    encoded = tokenizer.encoded
    after = run(tmp_path, source, heads=["pooling"], seeds=2)
    text = (tmp_path / "probes.jsonl").read_text()
    assert after[:1] == before and text.startswith(lines) and len(text.splitlines()) == 2
    assert tokenizer.encoded == encoded == 45

    def trained(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr("vocable.evaluate.probes.run.train_probe", trained)
    assert run(tmp_path, source, heads=["pooling"], seeds=2) == after


def test_a_line_that_was_broken_off_is_done_again(tmp_path):
    source = tokens()
    before = run(tmp_path, source, heads=["pooling"], seeds=2)
    file = tmp_path / "probes.jsonl"
    file.write_bytes(file.read_bytes()[:-9])
    assert run(tmp_path, source, heads=["pooling"], seeds=2) == before
    assert [json.loads(line)["seed"] for line in file.read_text().splitlines()] == [0, 1]


def test_other_answers_are_another_task(tmp_path):
    task = classes()
    fold = task.folds[0]
    changed = replace(fold, test=(replace(fold.test[0], label="a"), *fold.test[1:]))
    assert replace(task, folds=(changed,)).identity != task.identity


def test_the_summary_is_of_all_seeds(tmp_path):
    outcomes = run(tmp_path, tokens(1), heads=["pooling"], seeds=3)
    (row,) = summarise(outcomes)
    values = [each.scores["accuracy"] for each in outcomes]
    assert row.seeds == 3 and row.tested == 12 and row.trained == 24
    assert row.mean == pytest.approx(sum(values) / 3)
    assert row.low < row.mean < row.high


def test_codes_are_read_without_what_lies_beside_them():
    """Heard at once, and of what is kept of it."""
    codec = small_codec("facodec")
    source = TokenInput("facodec", codec, codec.spec.space, Kept(), (0, 2))
    sound = Tone("a", tuple(range(12)))
    own = codec.encode(sound.read())
    for heard in (source.hear(sound), source.hear(sound)):
        assert np.array_equal(heard.frames.T, own.codes[0, [0, 2]])
        assert heard.sizes == (16, 16) and not heard.tokens.sides


def test_an_unknown_head_and_too_many_levels_are_rows_with_a_reason(tmp_path):
    (found,) = run(tmp_path, tokens(), heads=["poling"], seeds=1)
    assert found.fault == 'no head of whole recordings named "poling"; nearest: "pooling"'
    (found,) = run(tmp_path, tokens(2), heads=["pooling"], seeds=1)
    assert "made-up has levels 0 to 1, got 2" in found.fault
    assert not (tmp_path / "probes.jsonl").exists()
