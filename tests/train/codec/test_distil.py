"""Distillation: what is told of which frame, what the forms pull at, runs and bad input."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

import vocable
from vocable.audio.manifest import Clip
from vocable.codecs import build
from vocable.errors import RecipeError
from vocable.load import save_model
from vocable.quantize import ResidualVQ
from vocable.testing.codec_examples import filled
from vocable.testing.tiny_configs import informed_tiny, streaming_units_tiny
from vocable.train import checkpoint
from vocable.train.codec.distil.branch import BranchForm
from vocable.train.codec.distil.features import Features, features_of
from vocable.train.codec.distil.informed import InputForm
from vocable.train.codec.distil.level import LevelForm
from vocable.train.codec.distil.teacher import check_rate
from vocable.train.codec.problems import untaught
from vocable.train.codec.recipe import Distil
from vocable.train.data.recordings import Recordings
from vocable.train.data.segments import Place
from vocable.train.registry import recipe_from
from vocable.train.runner import export, run
from vocable.units.streaming import StreamingUnits

RATE = 16_000
GRAPH = {
    "rate": RATE, "filters": 2, "strides": [4, 4, 5, 8], "dilations": [1], "latent": 8,
    "sizes": [16] * 3, "semantic": 1,
}  # fmt: skip
TEACHER = {"bands": 8, "ahead": 1, "channels": 8, "layers": 1, "heads": 2, "context": 6,
           "kernel": 3, "units": 16}  # fmt: skip
CODECS = {
    "level": {"architecture": "soundstream", "config": GRAPH},
    "branch": {"architecture": "soundstream", "config": GRAPH | {"split": True}},
    "input": {"architecture": "informed", "config": GRAPH | {"teacher": TEACHER, "told": 4}},
}


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of narrow units, of the sizes of `TEACHER`."""
    folder = tmp_path_factory.mktemp("teacher") / "units"
    torch.manual_seed(0)
    save_model(filled(StreamingUnits(streaming_units_tiny())), folder, name="narrow")
    return folder


def recipe(form: str, teacher: str | Path, **more: Any) -> Any:
    """Return a recipe of four steps; `more` are whole tables, or parts of them."""
    table: dict[str, Any] = {
        "name": form,
        "codec": CODECS[form],
        "data": {"batch": 2, "segment": 0.32},
        "loss": {"mel_windows": [128], "mel_bands": [8]},
        "distil": {"teacher": str(teacher), "layer": 1, "form": form},
        "schedule": {"steps": 4, "warmup": 1},
        "checkpoints": {"clips": 1, "tensorboard": False, "log_steps": 1, "every_steps": 2},
    }
    for name, value in more.items():
        table[name] = {**table.get(name, {}), **value} if isinstance(value, dict) else value
    return recipe_from(table)


def log_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


# ---- what is told of which frame ----------------------------------------------------------------


def clock(*seconds: float, rate: int = RATE) -> Recordings:
    """Return silent recordings of so many seconds."""
    ends = np.cumsum([round(each * rate) for each in seconds])
    spans = np.stack([ends - [round(each * rate) for each in seconds], ends], 1)
    clips = [Clip(Path(f"{k}.wav")) for k in range(len(seconds))]
    return Recordings(np.zeros((ends[-1], 1), np.int16), spans, rate, clips)


class Clock:
    """A teacher whose frames say, in seconds, where their middles are."""

    def __init__(self, frame: int = 320, window: int = 400, rate: int = RATE) -> None:
        self.rate, self.frame, self.window = rate, frame, window
        self.space, self.asked = f"clock@1:{frame}", 0

    def channels(self, layer: int) -> int:
        return 1

    def feature_parts(
        self, sources: Any, rate: Any = None, *, layer: int, mix: bool = False
    ) -> Any:
        yield from enumerate(self.features(sources, rate, layer=layer, mix=mix))

    def features(
        self, sources: Any, rate: Any = None, *, layer: int, mix: bool = False
    ) -> list[np.ndarray]:
        self.asked += 1
        (audio,) = sources
        count = max(0, (round(audio.seconds * self.rate) - self.window) // self.frame + 1)
        return [((np.arange(count)[:, None] * self.frame + self.window / 2) / self.rate)]


@pytest.mark.parametrize("frame", [320, 640, 1280])
@pytest.mark.parametrize("hop", [160, 320, 640])
@pytest.mark.parametrize("speed", [1.0, 0.8, 1.25])
def test_a_frame_gets_what_the_teacher_says_at_its_middle(
    frame: int, hop: int, speed: float, tmp_path: Path
) -> None:
    """Wherever the segment begins in its recording, and however fast it is played."""
    recordings = clock(3.0, 4.0)
    found = features_of(recordings, Clock(hop), 0, tmp_path / "x.float16")
    segment = 16 * frame
    for first in (0, 777, 12_345):
        samples = round(segment * speed)
        told, known = found.at(recordings, Place(1, first, samples), segment, frame)
        middles = (first + (np.arange(16) + 0.5) * frame * samples / segment) / RATE
        inside = known & (middles > frame / RATE) & (middles < 4.0 - 2 * frame / RATE)
        apart = np.abs(told[:, 0] - middles)[inside]
        assert inside.sum() > 8 and (apart <= hop / 2 / RATE + 2e-3).all()


def test_frames_behind_the_end_are_told_nothing(tmp_path: Path) -> None:
    recordings = clock(1.0, 0.5)
    found = features_of(recordings, Clock(), 0, tmp_path / "x.float16")
    _, known = found.at(recordings, Place(1, 0, 16_000), 16_000, 640)
    assert known.tolist() == [True] * 12 + [False] * 13  # the middle of frame 12 lies at 0.5 s


def test_features_are_computed_once_and_again_for_another_layer(tmp_path: Path) -> None:
    recordings, teacher = clock(1.0, 2.0), Clock()
    cache = tmp_path / "x.float16"
    first = features_of(recordings, teacher, 0, cache)
    again = features_of(recordings, teacher, 0, cache)
    assert teacher.asked == 2 and np.array_equal(first.rows, again.rows)
    features_of(recordings, teacher, 1, cache)
    assert teacher.asked == 4
    cache.write_bytes(cache.read_bytes()[:-2])
    features_of(recordings, teacher, 1, cache)
    assert teacher.asked == 6
    recordings.fingerprint = "the same recordings at another loudness"
    features_of(recordings, teacher, 1, cache)
    assert teacher.asked == 8


def test_recordings_shorter_than_a_frame_are_said_or_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recordings = clock(1.0, 0.02)
    found = features_of(recordings, Clock(), 0, tmp_path / "x.float16")
    assert "1 of 2 recordings are shorter than the 0.025 s of which the teacher" in caplog.text
    told, known = found.at(recordings, Place(1, 0, 640), 640, 320)
    assert not known.any() and not told.any()
    with pytest.raises(RecipeError, match=r"^all 2 recordings are shorter than the 0\.025 s"):
        features_of(clock(0.02, 0.01), Clock(), 0, tmp_path / "y.float16")


# ---- forms --------------------------------------------------------------------------------------


def quantized(dim: int = 8) -> Any:
    """Return what a quantizer in use gives of two items of six frames, and their latents."""
    torch.manual_seed(1)
    vq = ResidualVQ(dim, (16, 16))
    vq.start_learning(torch.randn(200, dim), 12)
    z = torch.randn(2, 6, dim, requires_grad=True)
    return vq(z), z


def test_the_cosine_of_the_level_is_along_time() -> None:
    found, _ = quantized()
    form = LevelForm(build("soundstream", GRAPH), 5)
    said, known = torch.randn(2, 6, 5), torch.ones(2, 6, dtype=torch.bool)
    told = form.map(found.first)
    cosines = [
        torch.dot(told[b, :, d], said[b, :, d]) / (told[b, :, d].norm() * said[b, :, d].norm())
        for b in range(2)
        for d in range(5)
    ]
    wanted = torch.stack([-torch.log(torch.sigmoid(c)) for c in cosines]).mean()
    torch.testing.assert_close(form(found, said, known), wanted)
    untaught_loss = form(found, torch.zeros_like(said), known)
    assert untaught_loss.item() == pytest.approx(LevelForm.untaught)


@pytest.mark.parametrize("form", ["level", "branch", "input"])
def test_frames_that_nothing_is_told_of_do_not_count(form: str) -> None:
    kinds = {"level": LevelForm, "branch": BranchForm, "input": InputForm}
    codec = build(CODECS[form]["architecture"], CODECS[form]["config"])
    made, (found, z) = kinds[form](codec, 5), quantized()
    known = torch.tensor([[True] * 4 + [False] * 2, [False] * 6])
    said = torch.randn(2, 6, 5)
    other = torch.where(known[..., None], said, 99.0)
    loss = made(found, said, known)
    assert loss.item() == made(found, other, known).item()
    loss.backward()
    assert float(z.grad[0, :4].abs().sum()) > 0  # the straight-through estimator's gradient
    if form != "input":  # whose map sees the frames around
        assert not z.grad[0, 4:].any()
    assert torch.isfinite(z.grad).all()


def test_level_0_alone_is_what_its_code_decodes_to() -> None:
    for config in (GRAPH, GRAPH | {"split": True}):
        codec = filled(build("soundstream", config)).eval()
        z = torch.randn(1, 5, 8)
        found = codec.quantizer(z)
        alone = codec.quantizer.decode(found.codes[:, :1])
        torch.testing.assert_close(found.first, alone)


# ---- runs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", CODECS)
def test_a_run_teaches_and_exports_the_codec_alone(
    form: str, teacher: Path, voices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    made = run(recipe(form, teacher), voices, out, threads=1, device="cpu")
    lines = [line for line in log_of(out) if line["kind"] == "train"]
    assert len(lines) == 4 and all("distil" in line["losses"] for line in lines)
    codec = vocable.load(out)
    assert codec.spec == made.spec and codec.spec.levels[0].role == "semantic"
    kept = set(codec.model.state_dict())
    assert not any("form" in key or "map" in key for key in kept)
    assert export(out, tmp_path / "again") == codec.spec.space  # which asks for no teacher
    state = checkpoint.load(out)
    assert {"form.map.weight", "form.map.0.weight"} & set(state["model"])


@pytest.mark.parametrize("form", ["level", "input"])
def test_killed_and_resumed_equals_undisturbed(
    form: str, teacher: Path, voices: Path, tmp_path: Path
) -> None:
    how = {"threads": 1, "device": "cpu"}
    run(recipe(form, teacher), voices, tmp_path / "whole", **how)

    def kill(line: dict[str, Any]) -> None:
        if line["step"] == 3:  # that of step 2 is saved
            raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        run(recipe(form, teacher), voices, tmp_path / "killed", progress=kill, **how)
    assert checkpoint.load(tmp_path / "killed")["step"] == 2
    run(recipe(form, teacher), voices, tmp_path / "killed", resume=True, **how)
    first, second = (checkpoint.load(tmp_path / name) for name in ("whole", "killed"))
    assert first["step"] == second["step"] == 4
    for part in ("model", "average"):
        for key, value in first[part].items():
            assert torch.equal(value, second[part][key]), key


def test_the_teacher_of_an_informed_codec_stays_as_it_is(
    teacher: Path, voices: Path, tmp_path: Path
) -> None:
    more = {"codec": {**CODECS["input"], "unit_variance": True}}
    made = run(recipe("input", teacher, **more), voices, tmp_path / "run", threads=1, device="cpu")
    own = made.model.teacher.state_dict()
    given = vocable.load(teacher).model.encoder.state_dict()
    assert own and all(torch.equal(value, given[key]) for key, value in own.items())


def test_a_run_without_a_teacher_draws_as_before(voices: Path, tmp_path: Path) -> None:
    """Distillation takes no random numbers: both runs see the same segments."""
    plain = recipe("level", "", distil={"teacher": ""})
    run(plain, voices, tmp_path / "plain", threads=1, device="cpu")
    with_teacher = recipe("level", "log-mel", distil={"layer": 0, "weight": 0.0})
    run(with_teacher, voices, tmp_path / "taught", threads=1, device="cpu")
    states = [checkpoint.load(tmp_path / name)["task"] for name in ("plain", "taught")]
    assert states[0]["segments"] == states[1]["segments"]


def test_the_verdict_names_a_level_that_learns_nothing() -> None:
    line = {"losses": {"distil": 0.69}}
    (problem,) = untaught(line, LevelForm.untaught)
    assert problem.text.startswith("untaught: level 0 tells nothing of the teacher (0.690, where")
    assert not untaught({"losses": {"distil": 0.5}}, LevelForm.untaught)
    assert not untaught({"losses": {}}, LevelForm.untaught)


# ---- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "more", "words"),
    [
        (
            "level",
            {"distil": {"teacher": "unit-16k"}},
            'distil.teacher is "unit-16k"; wanted units',
        ),
        (
            "level",
            {"distil": {"layer": 7}},
            "distil.layer: layer is 7 but narrow has layers 1 to 1",
        ),
        ("level", {"codec": {"config": {**GRAPH, "semantic": 0}}}, "calls acoustic; set codec"),
        ("branch", {"codec": {"config": GRAPH}}, 'form "branch" wants a quantizer of one level'),
        ("input", {"codec": CODECS["level"]}, 'form "input" wants a codec that hears'),
        ("level", {"codec": {**CODECS["level"], "freeze": ["quantizer"]}}, "out of codec.freeze"),
        (
            "level",
            {"codec": {"config": {**GRAPH, "strides": [4, 4, 5, 6]}}},
            "distil.teacher: .* has 50 frames a second, the codec 33.3333; wanted a whole multiple",
        ),
        (
            "input",
            {"distil": {"teacher": "log-mel", "layer": 0}},
            "hears a teacher such as units-16k",
        ),
        ("input", {"distil": {"layer": 0}}, "layer is 0 but the codec hears layer 1; set codec"),
        *(
            (
                "input",
                {
                    "codec": {
                        "architecture": "informed",
                        "config": {**GRAPH, "teacher": {**TEACHER, **other}},
                    }
                },
                rf"the teacher is .*, but codec\.config\.teacher is .*{words}.*; set them alike",
            )
            for other, words in [({"channels": 16}, "channels=16"), ({"context": 8}, "context=8")]
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line_before_the_run(
    form: str, more: dict, words: str, teacher: Path, voices: Path, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=words) as refusal:
        run(recipe(form, teacher, **more), voices, tmp_path / "run", threads=1, device="cpu")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


def test_rates_fit_where_one_is_a_multiple_of_the_other() -> None:
    table, teacher = Distil(teacher="clock"), Clock()
    for frames in (25, 50, 100, Fraction(25, 2)):
        check_rate(table, teacher, Fraction(frames))
    with pytest.raises(RecipeError, match="has 50 frames a second, the codec 75"):
        check_rate(table, teacher, Fraction(75))


def test_recordings_that_are_too_short_end_a_run_before_it_begins(
    teacher: Path, tmp_path: Path
) -> None:
    rows = []
    for k in range(3):
        soundfile.write(tmp_path / f"{k}.wav", 0.1 * np.sin(np.arange(200)), RATE)
        rows.append(json.dumps({"path": f"{k}.wav", "split": "train" if k else "valid"}))
    (tmp_path / "manifest.jsonl").write_text("\n".join(rows))
    with pytest.raises(RecipeError, match="all 2 recordings are shorter than the 0.025 s"):
        run(recipe("level", teacher), tmp_path / "manifest.jsonl", tmp_path / "run", device="cpu")


def test_sizes_of_an_informed_codec_that_do_not_fit_are_refused() -> None:
    from dataclasses import asdict

    with pytest.raises(vocable.errors.ModelError, match="reads mono at 16000 Hz in frames of a mu"):
        build("informed", {**asdict(informed_tiny()), "rate": 8000})
    with pytest.raises(vocable.errors.ModelError, match="a split quantizer has 1 to 2 semantic"):
        build("soundstream", GRAPH | {"split": True, "semantic": 0})


def test_features_of_nobody_are_not_taken_for_another_teacher_s(tmp_path: Path) -> None:
    recordings = clock(1.0)
    features_of(recordings, Clock(320), 0, tmp_path / "x.float16")
    other = features_of(recordings, Clock(640), 0, tmp_path / "x.float16")
    assert isinstance(other, Features) and len(other.rows) == 25
