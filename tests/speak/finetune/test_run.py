"""A run learns a voice and leaves what others read; it resumes exactly, and says what is wrong."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import vocable
from tests.language.csm import references
from tests.speak.finetune import toys
from vocable.errors import MeasureError, ModelError, RecipeError
from vocable.language.adapting import load_adapter
from vocable.language.csm import Utterance
from vocable.language.sampling import GREEDY
from vocable.load import save_model
from vocable.speak.finetune import finetune, plan
from vocable.speak.finetune import run as running
from vocable.speak.finetune.memory import Memory
from vocable.speak.prepare.set import PreparedSet
from vocable.train import checkpoint
from vocable.train.loop import Loop, Stopped

IDS = torch.randint(0, 32, (1, 20, 6), generator=torch.Generator().manual_seed(2))
IDS[..., -1] = -1


def tune(model, voice, out, **changes):
    """Fine-tune on the CPU by the toy's table; `progress` and `resume` go to the run."""
    own = {key: changes.pop(key) for key in ("progress", "resume", "preset") if key in changes}
    return finetune(
        str(model), voice, out, overrides=toys.table(model, **changes), device="cpu", **own
    )


@pytest.fixture(scope="module")
def done(model, voice, tmp_path_factory):
    """A run to its end: what came of it, and its lines."""
    lines = []
    out = tmp_path_factory.mktemp("run") / "out"
    found = tune(model, voice, out, progress=lines.append, held_out__samples=1, schedule__steps=24,
                 checkpoints__evaluate_steps=12, optimizer__lr=0.03, depth__share=0.5)  # fmt: skip
    return found, lines


def test_it_learns_the_voice_and_says_what_learnt(done):
    found, lines = done
    held_out = [line["bits"] for line in lines if line["kind"] == "held_out"]
    assert held_out[-1] < 0.5 * held_out[0] and found.best == max(found.bits)
    first, *later = [line for line in lines if line["kind"] == "train"]
    assert len(first["gradients"]) == 14 and min(first["gradients"].values()) > 0
    assert not any("gradients" in line for line in later)
    assert sum(part.layers for part in found.parts) == 7 * (3 + 2)
    assert (found.rows, found.consent, found.left_out) == (6, "herself", {})
    written = json.loads((found.folder / "finetune.json").read_text())
    assert written["likeness"].keys() == written["bits"].keys() and written["speakers"] == "say-16k"
    assert written["verdict"] == found.verdict and written["share"] == pytest.approx(found.share)


def test_it_learns_to_end_and_texts_are_spoken(done):
    _, lines = done
    first, *_, last = [line for line in lines if line["kind"] == "held_out"]
    assert first["end"] < 1e-6 and last["end"] > 1e-3
    assert (first["samples"], first["ended"]) == (1, 0) and abs(first["quieter"]) < 10
    assert all(-1 <= line["likeness"] <= 1 for line in (first, last))


def test_ours_and_peft_read_what_it_leaves(done, model):
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    from tests.language.csm.test_parity import theirs_embedded

    ours = vocable.load(model, dtype=torch.float32).network
    base = ours(IDS).logits
    load_adapter(ours, done[0].folder)
    found = ours(IDS).logits
    assert (found - base).abs().max() > 0.1
    theirs = transformers.CsmForConditionalGeneration.from_pretrained(model)
    theirs = peft.PeftModel.from_pretrained(theirs, done[0].folder).eval()
    embedded = theirs_embedded(theirs.base_model.model, IDS)
    torch.testing.assert_close(theirs(inputs_embeds=embedded).logits, found, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_whole_model_is_read_by_ours_and_transformers(model, voice, tmp_path, method):
    transformers = pytest.importorskip("transformers")
    from tests.language.csm.test_parity import theirs_embedded

    tune(model, voice, tmp_path, tuning__method=method, tuning__merge=True, schedule__steps=4)
    speaker = vocable.load(tmp_path)
    found = speaker.network(IDS).logits
    base = vocable.load(model).network(IDS).logits
    assert (found - base).abs().max() > 0.01
    theirs = transformers.CsmForConditionalGeneration.from_pretrained(tmp_path).eval()
    wanted = theirs(inputs_embeds=theirs_embedded(theirs, IDS)).logits
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
    if method == "lora":
        apart = vocable.load(model).network
        load_adapter(apart, tmp_path / "adapter")
        torch.testing.assert_close(found, apart(IDS).logits, atol=1e-4, rtol=1e-4)
    frames = list(speaker.generate([Utterance(0, "abc")], sampling=GREEDY, most=2))
    assert np.array_equal(
        frames, list(speaker.generate([Utterance(0, "abc")], sampling=GREEDY, most=2))
    )


def assert_equal(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_equal(value, other[key])
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    else:
        assert one == other


@pytest.mark.parametrize(
    "changes",
    [
        {"tuning__dropout": 0.2, "held_out__samples": 1},
        pytest.param({"tuning__method": "full"}, marks=pytest.mark.slow),
    ],
)
def test_stopped_and_resumed_is_undisturbed(model, voice, tmp_path, monkeypatch, changes):
    whole = tune(model, voice, tmp_path / "whole", **changes)
    after = Loop._after_step

    def stop_at_five(self):
        self._stop = self._stop or self.step == 5
        after(self)

    monkeypatch.setattr(Loop, "_after_step", stop_at_five)
    with pytest.raises(Stopped):
        tune(model, voice, tmp_path / "parts", **changes)
    monkeypatch.setattr(Loop, "_after_step", after)
    parts = tune(model, voice, tmp_path / "parts", resume=True, **changes)
    one, other = (checkpoint.load(tmp_path / name) for name in ("whole", "parts"))
    for part in ("model", "average", "task", "torch_rng"):
        assert_equal(one[part], other[part])
    assert replace(parts, folder=whole.folder) == whole


def test_killed_after_an_evaluation_it_is_remembered(model, voice, tmp_path):
    """The checkpoint of a step has the bits that were found there: nothing is judged twice."""

    def kill(line):
        if line["kind"] == "train" and line["step"] == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(model, voice, tmp_path, progress=kill)
    kept = checkpoint.load(tmp_path)
    assert kept["step"] == 4 and list(kept["task"]["best"]["bits"]) == [0, 4]


EVALUATIONS = {  # step: bits, likeness
    0: (40.0, 0.8), 2: (20.0, 0.7), 4: (20.1, 0.9), 6: (19.95, 0.6), 8: (30.0, 0.95), 10: (35.0, 1)
}  # fmt: skip


def scripted(monkeypatch, weights):
    """Let evaluations find what is written; `weights` gets those of each."""
    from vocable.speak.finetune.csm.task import CsmTask
    from vocable.speak.finetune.verdicts import Scores

    def score(self, network, examples, step):
        weights[step] = network(IDS).logits
        bits, likeness = EVALUATIONS[step]
        return Scores(bits, 0.9, likeness=likeness)

    monkeypatch.setattr(CsmTask, "score", score)


def test_it_ends_early_with_the_best_weights(model, voice, tmp_path, monkeypatch):
    """It ends after two evaluations without fewer bits or more likeness near these."""
    weights = {}
    scripted(monkeypatch, weights)
    found = tune(model, voice, tmp_path, schedule__steps=400, checkpoints__evaluate_steps=2,
                 held_out__patience=2)  # fmt: skip
    assert list(found.bits) == list(EVALUATIONS) and found.best == 4
    assert found.verdict.startswith("overfitting: held-out bits were 19.9 a frame at step 6")
    network = vocable.load(model, dtype=torch.float32).network
    load_adapter(network, tmp_path)
    torch.testing.assert_close(network(IDS).logits, weights[4])
    assert (weights[4] - weights[6]).abs().max() > 0.01


def test_killed_between_evaluations_the_nearest_voice_is_still_kept(
    model, voice, tmp_path, monkeypatch
):
    """Weights that likeness chose are in the checkpoint: a resumed run ends with them."""
    weights = {}
    scripted(monkeypatch, weights)
    changes = {"schedule__steps": 400, "checkpoints__evaluate_steps": 2, "held_out__patience": 2,
               "checkpoints__log_steps": 1}  # fmt: skip

    def kill(line):
        if line["kind"] == "train" and line["step"] == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(model, voice, tmp_path, progress=kill, **changes)
    found = tune(model, voice, tmp_path, resume=True, **changes)
    assert found.best == 4 and found.likeness == {
        step: own for step, (_, own) in EVALUATIONS.items()
    }
    network = vocable.load(model, dtype=torch.float32).network
    load_adapter(network, tmp_path)
    torch.testing.assert_close(network(IDS).logits, weights[4])


def test_without_an_embedding_bits_alone_decide(model, voice, tmp_path):
    lines = []
    blind = tune(model, voice, tmp_path / "blind", held_out__samples=1, held_out__speakers="",
                 progress=lines.append)  # fmt: skip
    assert blind.likeness == {} and not any("likeness" in line for line in lines)
    assert blind.best == min(blind.bits, key=blind.bits.__getitem__)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_half_precision_where_it_is_fast(model, voice, tmp_path, monkeypatch, method):
    """Weights that stay are kept in it; those that learn are fp32 and only computed with in it."""
    monkeypatch.setattr("vocable.train.bf16.why_not", lambda device: "")
    found = tune(model, voice, tmp_path, precision="bf16", tuning__method=method, rows__context=1,
                 tuning__merge=True, optimizer__lr=0.003)  # fmt: skip
    assert found.bits[12] < found.bits[0]
    stored = {value.dtype for value in load_file(tmp_path / "model.safetensors").values()}
    assert (torch.bfloat16 in stored) == (method == "lora")
    learnt = checkpoint.load(tmp_path)["model"]
    assert {value.dtype for name, value in learnt.items() if "pace" not in name} == {torch.float32}


def test_steps_are_counted_by_rows_and_epochs(model, voice):
    own = [each for each in toys.table(model) if "steps=12" not in each]
    made = plan(str(model), voice, overrides=[*own, "rows.epochs=5.0", "optimizer.accumulate=4"])
    assert made.recipe.schedule.steps == 4  # 6 rows, 5 times, 8 at once
    assert made.recipe.tuning.rank == 4
    by_preset = plan(str(model), voice, preset="csm-500", overrides=["rows.batch=1"]).recipe
    assert (by_preset.tuning.rank, by_preset.rows.most, by_preset.schedule.steps) == (32, 500, 2)


def test_a_short_run_rises_for_a_quarter_and_is_evaluated_four_times(model, voice):
    kept = "schedule.warmup=", "checkpoints.evaluate_steps=", "schedule.steps="
    own = [each for each in toys.table(model) if not each.startswith(kept)]
    short = plan(str(model), voice, overrides=[*own, "schedule.steps=8"]).recipe
    assert (short.schedule.warmup, short.checkpoints.evaluate_steps) == (2, 2)
    by_hand = plan(str(model), voice, overrides=[*own, "schedule.steps=8", "schedule.warmup=6"])
    assert by_hand.recipe.schedule.warmup == 6
    long = plan(str(model), voice, overrides=[*own, "schedule.steps=800"]).recipe
    assert (long.schedule.warmup, long.checkpoints.evaluate_steps) == (5, 20)


def test_consent_is_asked_for_before_anything_is_read(tmp_path):
    silent = toys.write_set(tmp_path / "set", consent=" ")
    with pytest.raises(RecipeError, match="says nothing about consent") as caught:
        finetune("no-model", silent, tmp_path / "out")
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


def test_what_cannot_fit_is_refused_before_it_starts(model, voice, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "free", lambda device: 100 << 20)
    with pytest.raises(RecipeError, match=r"^this takes 0\.\d GB \(weights .* 0\.1 GB are free"):
        tune(model, voice, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_layers_without_gradient_are_named(model, voice, tmp_path):
    """lm_head learns at every step; of the depth model nothing does where its loss is cut off."""
    from vocable.speak.finetune.csm import task

    losses = task.CsmTask.losses

    def without_depth(self, batch):
        return {"level0": losses(self, batch)["level0"]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task.CsmTask, "losses", without_depth)
        with pytest.raises(
            RecipeError, match=r"^14 layers that are to learn got no gradient \(dep"
        ):
            tune(model, voice, tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tuning__targets": ["q_prjo"]}, 'no layer is called "q_prjo"; nearest: "q_proj"'),
        ({"tuning__rank": 0}, "tuning.rank is 0; wanted 1 or more"),
        ({"rows__longest": 0.001}, "no snippet of at most 0.001 s to learn from; raise rows.lon"),
        ({"held_out__patience": -1}, "held_out.patience is -1; wanted 0 or more"),
        ({"depth__share": 0.0}, "depth.share is 0.0; wanted above 0"),
        ({"held_out__speakers": "say16"}, 'no embedding named "say16"; nearest: "say-16k"'),
        ({"preset": "cms"}, 'no preset "cms"; nearest: "csm"'),
    ],
)
def test_what_cannot_be_run_is_refused(model, voice, tmp_path, changes, message):
    with pytest.raises((RecipeError, ModelError, MeasureError), match=message) as caught:
        tune(model, voice, tmp_path / "out", **changes)
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


def test_another_model_is_refused(voice, tmp_path):
    with pytest.raises(
        RecipeError,
        match="^speech-16k cannot be fine-tuned on a voice; known families: csm, say, orpheus$",
    ):
        finetune("speech-16k", voice, tmp_path / "out")
    with pytest.raises(RecipeError, match="^speech-16k is not of the family CSM; name a"):
        finetune("speech-16k", voice, tmp_path / "out", preset="csm")


def test_memory_is_told_in_words():
    found = Memory(weights=3 * 10**9, learning=10**9, batch=2 * 10**9)
    assert found.text == (
        "6.5 GB (weights 3.0, gradients, moments and copies 1.0, the longest batch 2.0)"
    )
    found.check(None)
    found.check(7 * 10**9)
    small = Memory(weights=3 * 10**9, learning=10**9, batch=10**9)
    assert small.text.startswith("6.5 GB (weights, twice while they are read, 3.0, gradients")
    with pytest.raises(RecipeError, match=r"of memory and 6\.0 GB are free; take adapters"):
        found.check(6 * 10**9)


def test_a_damaged_snippet_is_left_out_and_named(model, tmp_path):
    voice = toys.write_set(tmp_path / "set")
    first = PreparedSet.read(voice).rows[0].file_name
    (voice / first).write_bytes(b"no sound")
    found = tune(model, voice, tmp_path / "out", schedule__steps=2)
    assert found.rows == 5 and list(found.left_out) == [first]


def test_sesames_own_file_and_a_codec_beside_it(model, voice, tmp_path):
    """Its rows of queries and keys lie otherwise; the adapter is one of transformers' model."""
    theirs = vocable.load(model, dtype=torch.float32)
    references.write_sesame(references.make_reference(), tmp_path / "sesame")
    shutil.copy(model / "tokenizer.json", tmp_path / "sesame")
    save_model(theirs.codec, tmp_path / "codec", name="mimi")
    own = {"codec": str(tmp_path / "codec"), "schedule__steps": 4}
    found = tune(tmp_path / "sesame", voice, tmp_path / "out", **own)
    assert found.bits[4] < found.bits[0]
    sesames = vocable.load(tmp_path / "sesame", dtype=torch.float32).network
    for network in (sesames, theirs.network):
        load_adapter(network, tmp_path / "out")
    torch.testing.assert_close(sesames(IDS).logits, theirs.network(IDS).logits)


def test_without_held_out_speech_it_runs_to_its_end(model, tmp_path):
    voice = toys.write_set(tmp_path / "set", held_out=0)
    found = tune(model, voice, tmp_path / "out", schedule__steps=3)
    assert (found.bits, found.best, found.rows) == ({}, -1, 8)
