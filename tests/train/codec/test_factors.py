"""Factors: what is known of which frame, what turned gradients do, runs and bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import nn
from torch.nn import functional

import vocable
from vocable.audio.manifest import Clip
from vocable.codecs import build
from vocable.errors import RecipeError
from vocable.load import save_model
from vocable.quantize import FactorisedVQ, ResidualVQ
from vocable.testing.codec_examples import filled
from vocable.testing.tiny_configs import streaming_units_tiny
from vocable.tokens import Level, TokenSpec
from vocable.train import checkpoint
from vocable.train.codec.factors.heads import NONE, Heads, Told
from vocable.train.codec.factors.reversal import reversed_gradient
from vocable.train.codec.factors.told import (
    Knowledge,
    StatedPhones,
    StatedUnits,
    normalised_pitch,
)
from vocable.train.codec.recipe import Factors
from vocable.train.data.recordings import FULL_SCALE, Recordings
from vocable.train.data.segments import Place
from vocable.train.registry import read_recipe, recipe_from
from vocable.train.runner import export, run
from vocable.train.vocoder.kept import KeptUnits
from vocable.units.streaming import StreamingUnits

RATE, FRAME = 16_000, 200
SIZES = {
    "encoder_channels": 4, "strides": [8, 25], "latent": 8, "decoder_channels": 8,
    "prosody": [16], "content": [16] * 2, "detail": [16] * 2, "code_width": 4,
    "timbre_layers": 1, "timbre_heads": 2, "timbre_hidden": 8, "timbre_kernel": 3,
}  # fmt: skip
TONES = {"low": 400.0, "high": 3000.0}  # Hz, where a phone of the toy language is loud


def glide(first: float, last: float, dull: float = 1.0) -> np.ndarray:
    """Return a buzz of 2 s whose pitch goes from `first` to `last` Hz."""
    hertz = np.linspace(first, last, 2 * RATE)
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    buzz = sum(np.cos(k * phase) / k**dull for k in range(1, 20))
    return 0.1 * buzz / buzz.std()


@pytest.fixture(scope="session")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a manifest of two voices that say two phones by turns, each of 0.25 s."""
    folder, rows = tmp_path_factory.mktemp("talks"), []
    turns = [(0.25 * k, 0.25 * k + 0.25, name) for k, name in enumerate(["low", "high"] * 4)]
    time = np.arange(2 * RATE) / RATE
    for k in range(5):
        voice = k % 2
        tone = np.concatenate(
            [np.sin(2 * np.pi * TONES[name] * time[: RATE // 4]) for _, _, name in turns]
        )
        sound = glide(90 + 100 * voice, 130 + 130 * voice, 2 - 2 * voice) + 0.15 * tone
        soundfile.write(folder / f"{k}.wav", sound, RATE)
        split = "valid" if k == 4 else "train"
        rows.append({"path": f"{k}.wav", "speaker": "ab"[voice], "phones": turns, "split": split})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "manifest.jsonl"


def recipe(**more: Any) -> Any:
    """Return a recipe of four steps; `more` are whole tables, or parts of them."""
    table: dict[str, Any] = {
        "name": "parts",
        "codec": {"architecture": "facodec", "config": SIZES},
        "data": {"batch": 2, "segment": 0.5, "prepare_seconds": 10.0},
        "augment": {"min_rms": 0.0},
        "loss": {"mel_windows": [128], "mel_bands": [8]},
        "factors": {"content": "phones"},
        "schedule": {"steps": 4, "warmup": 1},
        "checkpoints": {
            "clips": 1,
            "clip_seconds": 0.5,
            "tensorboard": False,
            "log_steps": 1,
            "every_steps": 2,
        },
    }
    for name, value in more.items():
        table[name] = {**table.get(name, {}), **value} if isinstance(value, dict) else value
    return recipe_from(table)


def losses(folder: Path) -> list[dict[str, float]]:
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [line["losses"] for line in lines if line["kind"] == "train"]


# ---- gradients that are turned round ------------------------------------------------------------


def test_what_is_turned_round_is_the_gradient_alone() -> None:
    x = torch.randn(3, 4, requires_grad=True)
    assert torch.equal(reversed_gradient(x, 0.5), x)
    (straight,) = torch.autograd.grad((x**3).sum(), x)
    (turned,) = torch.autograd.grad((reversed_gradient(x, 0.5) ** 3).sum(), x)
    assert torch.equal(turned, -0.5 * straight)


def rounded(z: torch.Tensor) -> torch.Tensor:
    """Return codes of halves, straight through: what is small in them is lost."""
    return z + (torch.round(2 * z) / 2 - z).detach()


@pytest.mark.parametrize(("strength", "least", "most"), [(0.0, 0.95, 1.0), (1.0, 0.4, 0.65)])
def test_a_leak_stays_without_and_goes_with_it(strength: float, least: float, most: float) -> None:
    """A code of two numbers that is to say the one, and happens to say who speaks as well."""
    torch.manual_seed(0)
    said, speaker = torch.randn(400, 1), torch.randint(2, (400,))
    x = torch.cat([said, 2.0 * speaker[:, None] - 1 + 0.3 * torch.randn(400, 1)], 1)
    encoder, decoder, asks = nn.Linear(2, 2), nn.Linear(2, 1), nn.Linear(2, 2)
    nn.init.eye_(encoder.weight)
    own = {"params": [*encoder.parameters(), *decoder.parameters()], "lr": 0.1}
    step = torch.optim.SGD([own, {"params": asks.parameters(), "lr": 1.0, "weight_decay": 0.3}])
    for _ in range(120):
        z = rounded(encoder(x))
        answer = asks(reversed_gradient(z, strength))
        loss = functional.mse_loss(decoder(z), said) + functional.cross_entropy(answer, speaker)
        step.zero_grad()
        loss.backward()
        step.step()
    z = torch.cat([rounded(encoder(x)), torch.ones(400, 1)], 1).detach()
    fresh = torch.linalg.pinv(z[:200]) @ (2.0 * speaker[:200] - 1)
    told = (z[200:] @ fresh > 0) == (speaker[200:] == 1)
    assert least <= told.float().mean() <= most
    assert functional.mse_loss(decoder(rounded(encoder(x))), said) < 0.05  # that it still says


def test_questions_teach_their_part_and_no_other() -> None:
    """By signs: what teaches pulls a part down its loss, what forgets pushes it up."""
    codec = filled(build("facodec", SIZES)).train()
    heads = Heads(codec, Factors(content="phones", phones=3, speakers=2))
    output = codec(0.1 * torch.randn(2, 1, 20 * FRAME))
    told = Told(
        torch.randint(3, (2, 20)),
        torch.tensor([0, 1]),
        torch.rand(2, 20) > 0.5,
        torch.randn(2, 20),
    )
    found = heads(output, told)
    parts = dict(zip(["prosody", "content", "detail"], output.quantized.parts, strict=True))
    parts |= {"timbre": output.sides["timbre"], "codes": output.quantized.z}
    reached = {
        name: {
            part
            for part, z in parts.items()
            if (g := torch.autograd.grad(loss, z, retain_graph=True, allow_unused=True)[0])
            is not None
            and g.any()
        }
        for name, loss in found.items()
    }
    assert reached == {
        "pitch": {"prosody"},
        "pitch_in_content": {"content"},
        "pitch_in_detail": {"detail"},
        "phone": {"content"},
        "phone_in_prosody": {"prosody"},
        "phone_in_detail": {"detail"},
        "speaker": {"timbre"},
        "speaker_in_codes": {"codes", "prosody", "content", "detail"},  # their sum
    }
    assert found.keys() == Factors(content="phones").weights.keys()
    for name, part in [("pitch", "prosody"), ("phone_in_prosody", "prosody")]:
        z = parts[part].detach()
        (slope,) = torch.autograd.grad(found[name], parts[part], retain_graph=True)
        question = getattr(heads, name)
        kind = {
            "pitch": lambda y: pitch_of(y, told),
            "phone_in_prosody": lambda y: phone_of(y, told),
        }
        before, after = (kind[name](question(each)).item() for each in (z, z - 1e-2 * slope))
        assert (after < before) is (name == "pitch")


def phone_of(said: torch.Tensor, told: Told) -> torch.Tensor:
    return functional.cross_entropy(said.flatten(0, 1), told.phone.flatten())


def pitch_of(said: torch.Tensor, told: Told) -> torch.Tensor:
    voicing = functional.binary_cross_entropy_with_logits(said[..., 0], told.voiced.float())
    return voicing + functional.smooth_l1_loss(said[..., 1][told.voiced], told.octaves[told.voiced])


def test_what_is_not_known_does_not_count() -> None:
    codec = filled(build("facodec", SIZES)).train()
    heads = Heads(codec, Factors(content="phones", phones=3, speakers=2))
    output = codec(0.1 * torch.randn(2, 1, 20 * FRAME))
    nothing = Told(
        torch.full((2, 20), NONE),
        torch.full((2,), NONE),
        torch.zeros(2, 20, dtype=torch.bool),
        torch.randn(2, 20),
    )
    found = heads(output, nothing)
    for name, loss in found.items():
        assert torch.isfinite(loss), name
        assert (loss == 0) is not name.startswith("pitch"), name


def test_items_do_without_detail_in_training_alone() -> None:
    torch.manual_seed(0)
    parts = [ResidualVQ(4, (8,)), ResidualVQ(4, (8, 8)), ResidualVQ(4, (8,), prefixes=(1,))]
    vq = FactorisedVQ(4, parts[:2], parts[2], dropout=0.5)
    vq.start_learning(torch.randn(200, 4), 24)
    z = torch.randn(40, 6, 4)
    found = vq.train()(z)
    without = found.parts[0] + found.parts[1]
    bare = (found.z == without).all(2).all(1)
    whole = (found.z == without + found.parts[2]).all(2).all(1)
    assert 5 < int(bare.sum()) < 35 and bool((bare | whole).all())
    still = vq.eval()(z)
    assert torch.equal(still.z, vq.decode(still.codes))
    with pytest.raises(vocable.errors.ModelError, match="dropout is 1.5; wanted a share of items"):
        FactorisedVQ(4, parts[:2], parts[2], dropout=1.5)


# ---- what is known of which frame ---------------------------------------------------------------


def test_pitch_says_its_course_and_not_whose_it_is() -> None:
    moments = np.arange(4, 156) / 80
    low, high = (
        normalised_pitch(glide(at, 1.5 * at).astype(np.float32), moments) for at in (90, 180)
    )
    for voiced, octaves in (low, high):
        assert voiced.mean() > 0.95
        assert abs(octaves[voiced].mean()) < 1e-5 and octaves[voiced].std() == pytest.approx(
            1, 1e-4
        )
    both = low[0] & high[0]
    assert np.abs(low[1] - high[1])[both].max() < 0.1
    voiced, octaves = normalised_pitch(np.zeros(RATE, np.float32), moments[:60])
    assert not voiced.any() and not octaves.any()


def spoken(*clips: Clip) -> Recordings:
    """Return recordings of a glide of 2 s each."""
    samples = np.round(glide(100, 150) * FULL_SCALE).astype(np.int16)[:, None]
    spans = np.array([[k * len(samples), (k + 1) * len(samples)] for k in range(len(clips))])
    return Recordings(np.concatenate([samples] * len(clips)), spans, RATE, clips)


@pytest.mark.parametrize("speed", [1.0, 0.8, 1.25])
def test_each_frame_gets_what_is_said_at_its_middle(speed: float) -> None:
    """Wherever the segment begins in its recording, and however fast it is played."""
    phones = tuple((0.1 * k, 0.1 * k + 0.1, f"{k:02}") for k in range(3, 18))
    recordings = spoken(Clip(Path("a"), speaker="b"), Clip(Path("b"), phones=phones, speaker="a"))
    known = Knowledge(recordings, StatedPhones(recordings), FRAME)
    segment, first = 80 * FRAME, 12_345
    places = [Place(1, first, round(segment * speed)), Place(0, 0, segment)]
    told = known.of(torch.zeros(2, 1, segment), places)
    middles = (first + (np.arange(80) + 0.5) * FRAME * speed) / RATE
    wanted = [int(at * 10) - 3 if 0.3 <= at < 1.8 else NONE for at in middles]
    assert told.phone[0].tolist() == wanted
    assert set(told.phone[1].tolist()) == {NONE}
    assert told.speaker.tolist() == [0, 1]


def test_units_are_the_nearest_and_end_with_their_recording() -> None:
    recordings = spoken(Clip(Path("a")))
    spec = TokenSpec(
        "u@1:0", rate=RATE, frame=320, channels=1, levels=(Level(200),), prefixes=(1,), window=400
    )
    units = StatedUnits(KeptUnits(np.arange(99, dtype=np.int32), np.array([0, 99])), spec)
    told = Knowledge(recordings, units, 320).of(torch.zeros(1, 1, RATE), [Place(0, 24_000, RATE)])
    middles = 24_000 + (np.arange(50) + 0.5) * 320
    wanted = [min(98, round((m - 200) / 320)) if m < 32_000 else NONE for m in middles]
    assert told.phone[0].tolist() == wanted
    assert told.speaker.tolist() == [NONE]


# ---- runs ---------------------------------------------------------------------------------------


def test_a_run_learns_all_that_it_teaches(talks: Path, tmp_path: Path) -> None:
    mine = recipe(
        codec={"unit_variance": True},
        data={"segment": 0.25, "batch": 4},
        factors={"reversal": 0.1, "phone": 2.0, "speaker": 2.0},
        optimizer={"lr": 5e-3},
        schedule={"steps": 36},
        checkpoints={"every_steps": 100},
    )
    made = run(mine, talks, tmp_path / "run", threads=1, device="cpu")
    logged = losses(tmp_path / "run")
    first, last = (
        {name: np.mean([each[name] for each in part]) for name in logged[0]}
        for part in (logged[:9], logged[-9:])
    )
    for name in ("mel", "pitch", "phone", "speaker"):
        assert last[name] < 0.85 * first[name], name
    codec = vocable.load(tmp_path / "run")
    assert codec.spec == made.spec
    assert not any("heads" in key for key in codec.model.state_dict())
    assert export(tmp_path / "run", tmp_path / "again") == codec.spec.space


def test_units_teach_too_and_killed_and_resumed_equals_undisturbed(
    talks: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    save_model(filled(StreamingUnits(streaming_units_tiny())), tmp_path / "units", name="narrow")
    mine = recipe(factors={"content": str(tmp_path / "units")})
    how = {"threads": 1, "device": "cpu"}
    run(mine, talks, tmp_path / "whole", **how)
    assert all(each["phone"] > 0 for each in losses(tmp_path / "whole"))

    def kill(line: dict[str, Any]) -> None:
        if line["step"] == 3:  # that of step 2 is saved
            raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        run(mine, talks, tmp_path / "killed", progress=kill, **how)
    run(mine, talks, tmp_path / "killed", resume=True, **how)
    first, second = (checkpoint.load(tmp_path / name)["model"] for name in ("whole", "killed"))
    assert all(torch.equal(value, second[key]) for key, value in first.items())


def test_the_small_recipe_trains_a_codec_of_its_sizes() -> None:
    mine = read_recipe("facodec-small")
    spec = build(mine.codec.architecture, mine.codec.config).spec
    assert spec.prefixes == (3, 6) and float(spec.bitrate(3)) == 2400
    assert mine.factors.content == "units-16k"


# ---- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"codec": {"architecture": "soundstream", "config": {}}},
            "soundstream does not part; set",
        ),
        ({"codec": {"freeze": ["encoder"]}}, "factors teaches encoder and quantizer; leave them"),
        ({"factors": {"content": "unit-16k"}}, 'factors.content is "unit-16k"; wanted phones, uni'),
        (
            {"factors": {"content": "speech-16k"}},
            "speech-16k has [0-9]+ levels; wanted units, of o",
        ),
    ],
    ids=["codec", "frozen", "no such units", "no units"],
)
def test_what_does_not_fit_is_refused_in_a_line_before_the_run(
    more: dict, words: str, talks: Path, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=words) as refusal:
        run(recipe(**more), talks, tmp_path / "run", threads=1, device="cpu")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"speaker": ""}, "names 0 speakers of what is trained on; wanted 2 or more"),
        ({"phones": None}, "states no phones; make them"),
        ({"phones": [[9.0, 9.5, "a"]]}, "1 of 1 phones begin behind its end at 2.00 s"),
    ],
    ids=["speakers", "phones", "late"],
)
def test_a_manifest_that_does_not_say_it_is_refused(
    row: dict, words: str, talks: Path, tmp_path: Path
) -> None:
    rows = [{**json.loads(line), **row} for line in talks.read_text().splitlines()]
    for each in rows:
        each["path"] = str(talks.parent / each["path"])
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(RecipeError, match=words):
        run(recipe(), tmp_path / "m.jsonl", tmp_path / "run", threads=1, device="cpu")


def test_weights_and_trimming_that_cannot_be_are_refused() -> None:
    with pytest.raises(RecipeError, match="factors.reversal is -1.0; wanted 0 or more"):
        recipe(factors={"reversal": -1.0})
    with pytest.raises(
        RecipeError, match="trim_db cuts recordings, and their phones would be late"
    ):
        recipe(augment={"trim_db": 40.0})
