"""A toy vocoder is trained, resumed and exported; what cannot be trained is refused."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import soundfile
import torch

import vocable
from vocable.audio import Audio
from vocable.conditions import embedding_of
from vocable.errors import ModelError, RecipeError
from vocable.load import load_embedding
from vocable.train import checkpoint, read_recipe, run
from vocable.train.loop import Stopped
from vocable.train.registry import recipe_from
from vocable.train.vocoder.kept import KeptUnits
from vocable.train.vocoder.segments import runs_from

CONFIG = {
    "unit_width": 4, "speaker_width": 2, "channels": 32, "kernels": [15, 8, 8, 4, 4],
    "block_kernels": [3], "dilations": [[1]], "durations": {"width": 4, "dropout": 0.5},
}  # fmt: skip


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Four seconds of two gliding buzzes each, by two speakers; one recording of each held out."""
    folder, rows = tmp_path_factory.mktemp("voices"), []
    for index in range(6):
        hertz = np.linspace(100 + 40 * index, 180 + 30 * index, 24_000)
        phase = np.cumsum(hertz) / 16_000
        buzz = 0.05 * sum(np.cos(2 * np.pi * k * phase) / k for k in range(1, 20))
        soundfile.write(folder / f"{index}.wav", buzz, 16_000)
        rows.append({"path": f"{index}.wav", "speaker": "ab"[index % 2],
                     "split": "valid" if index > 3 else "train"})  # fmt: skip
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "manifest.jsonl"


def recipe(**changes):
    table = {
        "name": "toy", "task": "vocoder", "vocoder": {"config": CONFIG},
        "schedule": {"steps": 6, "warmup": 1},
        "data": {"batch": 2, "segment": 0.16, "runs": 8},
        "loss": {"mel": 45.0, "mel_windows": [256], "mel_bands": [20]},
        "adversarial": {"periods": [2], "channels": 4},
        "checkpoints": {"log_steps": 2, "evaluate_seconds": 0, "evaluate_steps": 6, "clips": 2,
                        "clip_seconds": 0.3, "every_steps": 3, "tensorboard": False},
    }  # fmt: skip
    return recipe_from(table | changes)


def test_a_vocoder_is_trained_and_opens(manifest, tmp_path):
    lines = []
    made = run(recipe(), manifest, tmp_path / "a", threads=1, progress=lines.append)
    assert made.speakers == ("a", "b") and made.network.config.speakers == 2
    loss = next(line["losses"] for line in lines if "losses" in line)
    assert set(loss) >= {"mel", "adversarial", "feature", "duration", "discriminator"}
    (found,) = (line for line in lines if line.get("kind") == "held_out")
    assert found["mel"] > 0 and found["duration"] >= 0
    codec = vocable.load("units-16k", vocoder=tmp_path / "a")
    tokens = codec.encode(Audio.read(manifest.parent / "0.wav"))
    wanted = made.decode(tokens, speaker="b").samples
    np.testing.assert_array_equal(codec.decode(tokens, speaker=1).samples, wanted)
    assert wanted.shape == (1, 24_000)


def test_speakers_as_vectors_of_an_embedding(manifest, tmp_path):
    table = {"config": CONFIG, "embedding": "say-16k"}
    made = run(recipe(vocoder=table), manifest, tmp_path / "a", threads=1)
    assert made.embedding.startswith("say-16k@1:") and not made.speakers
    assert (tmp_path / "a" / "train.voices.npz").is_file()
    codec = vocable.load("units-16k", vocoder=tmp_path / "a")
    voices = [
        embedding_of(load_embedding("say-16k"), Audio.read(manifest.parent / f"{k}.wav"))
        for k in range(2)
    ]
    tokens = codec.encode(Audio.read(manifest.parent / "0.wav"))
    first, second = (codec.decode(tokens, speaker=each).samples for each in voices)
    assert np.abs(first - second).max() > 0
    with pytest.raises(ModelError, match="a vector of .* numbers of say-16k@1:"):
        codec.decode(tokens, speaker=0)


def test_a_run_that_was_stopped_goes_on_exactly(manifest, tmp_path):
    whole = run(recipe(), manifest, tmp_path / "a", threads=1)

    def stop(line):
        if line.get("step") == 4:
            raise Stopped

    with pytest.raises(Stopped):
        run(recipe(), manifest, tmp_path / "b", threads=1, progress=stop)
    assert checkpoint.load(tmp_path / "b")["step"] == 3
    again = run(recipe(), manifest, tmp_path / "b", threads=1, resume=True)
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, again.network.state_dict()[name]), name


def test_units_are_made_once(manifest, tmp_path, monkeypatch):
    """Of a manifest that names nobody, which makes a vocoder of one speaker."""
    rows = [{"path": str(manifest.parent / f"{index}.wav")} for index in range(4)]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)))
    once = recipe(schedule={"steps": 1})
    made = run(once, manifest, tmp_path / "a", threads=1)
    assert made.network.config.speakers == 0 and made.speakers == ()
    before = (tmp_path / "a" / "train.units.npz").read_bytes()

    def refuse(*_, **__):
        raise AssertionError("units are made again")

    monkeypatch.setattr("vocable.train.vocoder.kept._some", refuse)
    longer = recipe(schedule={"steps": 2})
    run(longer, manifest, tmp_path / "a", threads=1, resume=True)
    assert (tmp_path / "a" / "train.units.npz").read_bytes() == before


def test_segments_are_what_their_units_say(manifest, tmp_path):
    """Sound, units and speaker are of one place; runs begin where the segment does."""
    from vocable.train.data.recordings import decode_once
    from vocable.train.data.tables import Augment
    from vocable.train.vocoder.recipe import VocoderData
    from vocable.train.vocoder.segments import UnitSegments

    clips = vocable.train.read_manifest(manifest)[:4]
    recordings = decode_once(clips, 16_000, Augment(), tmp_path / "x.int16")
    values = np.concatenate([100 * k + np.arange(74) // 3 for k in range(4)]).astype(np.int32)
    units = KeptUnits(values, np.arange(5) * 74)
    source = UnitSegments(recordings, units, np.arange(4) % 2, VocoderData(batch=8, runs=4),
                          frames=10, hop=320, seed=0)  # fmt: skip
    state = source.state()
    batch = source.draw()
    assert batch.sound.shape == (8, 1, 3200) and batch.units.shape == (8, 10)
    for item in range(8):
        index = int(batch.units[item, 0]) // 100
        assert int(batch.speakers[item]) == index % 2
        own = recordings.clip(index)[0]
        starts = [f for f in range(74) if np.array_equal(units.of(index)[f : f + 10],
                                                         batch.units[item].numpy())]  # fmt: skip
        assert any(
            np.array_equal(own[320 * f : 320 * f + 3200], batch.sound[item, 0]) for f in starts
        )
        assert batch.runs[item, 0] == batch.units[item, 0]
    source.restore(state)
    assert torch.equal(source.draw().sound, batch.sound)


def test_runs_of_units():
    units = np.array([5, 5, 7, 7, 7, 2])
    for first, count, wanted in [
        (0, 2, ([5, 7], [2, 3])),
        (3, 3, ([7, 2, 0], [3, 1, 0])),
        (5, 1, ([2], [1])),
        (1, 4, ([5, 7, 2, 0], [2, 3, 1, 0])),
    ]:
        found, durations = runs_from(units, first, count)
        assert (found.tolist(), durations.tolist()) == wanted


@pytest.mark.parametrize(
    "changes, what",
    [
        ({"vocoder": {"units": "speech-16k"}}, "not a tokenizer of units"),
        ({"vocoder": {"config": {"speakers": 2}}}, "the data decides"),
        ({"vocoder": {"config": {"rates": [5, 4, 4], "kernels": [5, 4, 4]}}}, "needs 320"),
        ({"vocoder": {"config": {"channels": 24}}}, "vocoder.config: channels is 24"),
        (
            {"vocoder": {"config": {"languages": 2}}},
            "vocoder.config.languages cannot be set; the data",
        ),
        ({"vocoder": {"config": CONFIG, "speakers": ["a"]}}, 'a speaker "b"'),
        ({"data": {"segment": 60}}, "as long as a segment"),
        ({"loss": {"mel": 0.0}, "adversarial": {}}, "does not compare"),
        ({"duration": -1.0}, "0 or more"),
    ],
)
def test_what_cannot_be_trained_is_refused(changes, what, manifest, tmp_path):
    with pytest.raises(RecipeError, match=what):
        run(recipe(**changes), manifest, tmp_path / "a", threads=1)


@pytest.mark.parametrize("name", ["unit-vocoder", "unit-vocoder-published"])
def test_the_recipes_of_the_package(name):
    found = read_recipe(name)
    assert found.task == "vocoder" and asdict(found)["data"]["segment"] == 0.56
