"""The codec's task: what learns and what stays, what is reported, which clips are held out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from tests.train.test_loop import lines, still_codec
from tests.train.toy import ToyCodec, make_loop, train
from vocable.codecs import CodecOutput
from vocable.codecs.facodec import FACodec, facodec_tiny
from vocable.nn.settings import plain_settings
from vocable.tokens import Segment
from vocable.train import bf16
from vocable.train.codec.task import CodecTask
from vocable.train.registry import read_recipe


@pytest.mark.parametrize(("precision", "inside"), [("fp32", "float32"), ("bf16", "bfloat16")])
def test_the_precision_is_that_of_the_blocks(
    precision: str,
    inside: str,
    table: dict,
    manifest: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bf16, "why_not", lambda device: "")
    found = []
    codec = ToyCodec()
    codec.encoder[0].register_forward_hook(lambda _block, _given, out: found.append(out.dtype))
    loop = make_loop({**table, "precision": precision}, manifest, tmp_path / "run", codec=codec)
    losses = loop.task.losses(loop.task.draw())
    assert found == [getattr(torch, inside)]
    assert {losses[name].dtype for name in ("time", "mel", "low_band")} == {torch.float32}


def test_bf16_computes_with_the_weights_as_they_are(
    table: dict, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Autocast keeps what it has cast until the outermost one ends, and a run is inside of one."""
    monkeypatch.setattr(bf16, "why_not", lambda device: "")
    with plain_settings():
        task = make_loop({**table, "precision": "bf16"}, manifest, tmp_path / "run").task
        batch = task.draw()
        task.losses(batch)
        assert task._output.any()
        with torch.no_grad():
            for weight in task.model.decoder.parameters():
                weight.zero_()
        task.losses(batch)
        assert not task._output.any()


def test_bf16_is_left_where_it_is_slower(
    table: dict,
    manifest: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    seconds = {torch.float32: 0.002, torch.bfloat16: 0.04}
    monkeypatch.setattr(bf16, "product_seconds", seconds.__getitem__)
    found = []
    codec = ToyCodec()
    codec.encoder[0].register_forward_hook(lambda _block, _given, out: found.append(out.dtype))
    loop = make_loop({**table, "precision": "bf16"}, manifest, tmp_path / "run", codec=codec)
    loop.task.losses(loop.task.draw())
    assert found == [torch.float32]
    (said,) = [text for text in caplog.messages if text.startswith("the run is in fp32")]
    assert "a product takes 40.0 ms in bf16, 2.0 ms in fp32" in said and "\n" not in said
    seconds[torch.bfloat16] = 0.001
    assert bf16.why_not(torch.device("cpu")) == ""


def test_the_timed_product_is_of_its_dtype() -> None:
    times = [bf16.product_seconds(dtype) for dtype in (torch.float32, torch.bfloat16)]
    assert all(0 < seconds < 60 for seconds in times)


def test_a_codec_is_prepared_once(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["data"]["prepare_seconds"] = 1.0
    first, again, further = (ToyCodec() for _ in range(3))
    train(table, manifest, tmp_path / "run", codec=first)
    assert 1.0 <= first.prepared_seconds < 1.3
    table["data"]["prepare_seconds"] = 2000.0  # at most four times what there is, 3 × 0.5 s
    all_of_it = ToyCodec()
    train(table, manifest, tmp_path / "all", codec=all_of_it)
    assert 6.0 <= all_of_it.prepared_seconds < 6.3
    train(table, manifest, tmp_path / "run", codec=again, resume=True)
    table["codec"] = {"start": "what has learnt already"}
    train(table, manifest, tmp_path / "further", codec=further)
    assert again.prepared_seconds == further.prepared_seconds == 0


def test_the_averaged_codec_is_calibrated_at_the_end_by_the_held_out_clips(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    loop = make_loop(table, manifest, tmp_path / "run")
    held_out = sum(clip.shape[1] for clip in loop.task.clips) / 8000
    trained = loop.run()
    assert trained.calibrated_seconds == held_out > 0
    assert loop.task.model.calibrated_seconds == 0
    table["codec"] = {"freeze": ["decoder"]}
    assert make_loop(table, manifest, tmp_path / "frozen").run().calibrated_seconds == 0


@pytest.mark.parametrize("length", [1024, 800])
def test_segments_other_than_those_of_the_codec_are_said(
    length: int,
    table: dict,
    manifest: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    codec = ToyCodec()
    codec.spec.segment = Segment(length, length - 32)
    make_loop(table, manifest, tmp_path / "run", codec=codec)
    said = [text for text in caplog.messages if "by itself" in text]
    line = (
        "segments of 0.128 s are drawn, but the codec codes each 0.1 s by itself; set "
        "data.segment=0.1, or it learns from what it will not meet"
    )
    assert said == ([] if length == 1024 else [line])


def test_frozen_parts_stay(table: dict, manifest: Path, tmp_path: Path) -> None:
    codec = still_codec()
    before = {name: value.clone() for name, value in codec.state_dict().items()}
    table["codec"] = {"freeze": ["encoder", "quantizer"]}
    after = train(table, manifest, tmp_path / "run", codec=codec)["average"]
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"decoder.weight", "decoder.bias"}


def test_what_finds_sides_is_frozen_with_the_encoder() -> None:
    """Tokens hold the sides: another of these would make a space of its own."""
    codec = FACodec(facodec_tiny())
    CodecTask(codec, read_recipe("decoder-only")).begin(resumed=True)
    moves = {
        name.partition(".")[0] for name, each in codec.named_parameters() if each.requires_grad
    }
    assert moves == {"decoder", "style"}
    assert not codec.side_encoder.training and codec.decoder.training


def test_reports_have_the_health_of_each_level(table: dict, manifest: Path, tmp_path: Path) -> None:
    train(table, manifest, tmp_path / "run")
    last = lines(tmp_path / "run")[-1]
    assert len(last["used"]) == len(last["perplexity"]) == len(last["residual_db"]) == 2
    assert last["possible"] == [16, 16] and 1 <= last["perplexity"][0] <= 16
    assert last["times_real_time"] > 0 and last["left"] == 0


class Scaled(ToyCodec):
    """A codec that gives its input back at `gain`."""

    def forward(self, x: Tensor) -> CodecOutput:
        output = super().forward(x)
        return CodecOutput(self.gain * x, output.codes, output.losses, output.health)


@pytest.mark.parametrize(("gain", "level"), [(0.5, -6.02), (2.0, 6.02)])
def test_reports_have_the_level_of_the_output_over_the_input(
    gain: float, level: float, table: dict, manifest: Path, tmp_path: Path
) -> None:
    task = make_loop(table, manifest, tmp_path / "run", codec=Scaled(gain)).task
    for _ in range(2):
        task.losses(task.draw())
    assert task.report()["level_db"] == pytest.approx(level, abs=0.01)


def test_a_report_is_about_what_came_since_the_last(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    task = make_loop(table, manifest, tmp_path / "run", codec=still_codec()).task
    counts = []
    for batches in (3, 1):
        for _ in range(batches):
            task.losses(task.draw())
        counts.append(float(task._health.counts[0].sum()))
        task.report()
    assert counts[0] == 3 * counts[1] > 0


def test_the_speed_is_audio_a_second(table: dict, manifest: Path, tmp_path: Path) -> None:
    """Two segments of 0.128 s in each batch."""
    task = make_loop(table, manifest, tmp_path / "run").task
    assert task.items_per_batch == pytest.approx(task.draw().numel() / 8000)
    assert task.speed == "times_real_time"


def test_the_held_out_clips_are_spread_over_all_and_cut(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    parts = [{"path": "tone3.wav", "split": "valid", "start": k / 10} for k in range(4)]
    rows = [{"path": "tone0.wav", "split": "train"}, *parts]
    manifest.write_text("\n".join(map(json.dumps, rows)))
    table["checkpoints"] |= {"clips": 2, "clip_seconds": 0.1}
    first, second = make_loop(table, manifest, tmp_path / "run").task.clips
    tone, _ = soundfile.read(manifest.parent / "tone3.wav")
    assert np.allclose(first, tone[:800], atol=1e-4)
    assert np.allclose(second, tone[1600:2400], atol=1e-4)


def test_a_codec_that_exists_is_evaluated_first(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    fresh = make_loop(table, manifest, tmp_path / "fresh").task
    table["codec"] = {"start": "some codec"}
    assert not fresh.pretrained and make_loop(table, manifest, tmp_path / "run").task.pretrained


def test_what_a_voice_asks_of_latents_is_frozen_with_the_decoder() -> None:
    codec, recipe = FACodec(facodec_tiny()), read_recipe("decoder-only")
    recipe = replace(recipe, codec=replace(recipe.codec, freeze=("decoder",)))
    CodecTask(codec, recipe).begin(resumed=True)
    moves = {
        name.partition(".")[0] for name, each in codec.named_parameters() if each.requires_grad
    }
    assert moves == {"encoder", "quantizer", "side_encoder"}
    assert not codec.style.training and codec.encoder.training
