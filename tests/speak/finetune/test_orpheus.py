"""An Orpheus learns a voice by its published sequences, and leaves what others read."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

import vocable
from tests.language.flat import references
from tests.speak.finetune import toys
from vocable.cli.group import commands
from vocable.errors import ModelError, RecipeError
from vocable.language.adapting import load_adapter
from vocable.language.flat import Flat, FlatGenerator, Utterance, orpheus_3b, sequence
from vocable.language.keys.flat import flat_places
from vocable.language.sampling import GREEDY
from vocable.load import save_model
from vocable.nn.lora import Adapter, LoraSettings, choose
from vocable.nn.settings import without_memory
from vocable.speak.adapters import with_adapter
from vocable.speak.finetune import finetune, plan
from vocable.speak.finetune.memory import needed
from vocable.speak.finetune.orpheus.model import longest_batch
from vocable.speak.finetune.orpheus.rows import make_batch, make_examples
from vocable.speak.finetune.run import PRESETS
from vocable.speak.finetune.task import what_learns
from vocable.speak.finetune.trained import parts
from vocable.speak.prepare.set import PreparedSet
from vocable.train import checkpoint, read_recipe
from vocable.train.loop import Loop, Stopped

IDS = torch.randint(0, 156_938, (1, 30), generator=torch.Generator().manual_seed(2))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    pytest.importorskip("transformers")
    pytest.importorskip("tokenizers")
    folder = tmp_path_factory.mktemp("orpheus") / "model"
    return references.write_model(references.make_reference(), folder)


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orpheus") / "codec"
    save_model(references.make_codec(), folder, name="snac_24khz")
    return folder


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    """Tones of a third of a second: 4 to 6 cycles and a part of one."""
    return toys.write_set(tmp_path_factory.mktemp("orpheus") / "set", frame=500)


@pytest.fixture(scope="module")
def speaker(model, codec):
    made = vocable.load(model)
    made.attach(vocable.load(codec))
    return made


@pytest.fixture
def tune(model, codec, voice):
    """Fine-tune on the CPU by the toy's table."""

    def run(out, *, of=model, **changes):
        own = {key: changes.pop(key) for key in ("progress", "resume", "preset") if key in changes}
        table = toys.table(of, **({"codec": str(codec), "rows__batch": 2} | changes))
        return finetune(str(of), voice, out, overrides=table, device="cpu", **own)

    return run


def logits(network):
    with torch.no_grad():
        return network.logits(network(IDS)[0])


# ---- rows


def test_rows_are_the_published_sequences(speaker, voice, tmp_path):
    """Name and text, codes of the recording and the silence that fills its last cycle, ends."""
    found = PreparedSet.read(voice)
    made = make_examples(found.rows, found, speaker, 0, tmp_path)
    assert len(made.examples) == 8 and made.left_out == {}
    for row, example in zip(found.rows, made.examples, strict=True):
        audio = vocable.Audio.read(found.path(row))
        lacking = -audio.samples.shape[1] % 2048
        filled = np.pad(audio.samples, ((0, 0), (0, lacking)))
        tokens = speaker.codec.encode(filled, rate=24_000)
        wanted = sequence(
            Utterance(row.text, "anna", tokens), speaker.config.template, references.letters
        )
        np.testing.assert_array_equal(example.ids, wanted)
        assert example.cycles == -(-audio.samples.shape[1] // 2048)
        assert example.ids[example.speech - 1] == 128_257


@pytest.mark.parametrize("context", [0, 2])
def test_what_is_learnt(speaker, voice, tmp_path, context):
    """All of a row, or its speech and the end of it; nothing of those before."""
    found = PreparedSet.read(voice)
    examples = make_examples(found.rows, found, speaker, context, tmp_path).examples
    template = speaker.config.template
    every = make_batch(examples[:3], template, "all")
    speech = make_batch(examples[:3], template, "speech")
    for row, example in enumerate(examples[:3]):
        own = example.length - example.first
        assert int(every.counted[row].sum()) == own - (example.first == 0)
        assert int(speech.counted[row].sum()) == 7 * example.cycles + 1
        learnt = speech.ids[row][speech.counted[row]]
        assert learnt[-1] == 128_258 and (learnt[:-1] >= 128_266).all()
        assert (every.ids[row, example.length :] == 128_263).all()
    assert (examples[2].first > 0) == (context > 0)
    assert max(example.length for example in examples) <= speaker.config.trunk.context


def test_what_does_not_fit_is_left_out_with_the_reason(speaker, voice, tmp_path):
    found = PreparedSet.read(voice)
    texts = ["a" * 250, "", "ab"]
    rows = [replace(row, text=text) for row, text in zip(found.rows, texts, strict=False)]
    made = make_examples(rows, found, speaker, 0, tmp_path)
    assert [example.name for example in made.examples] == [rows[2].file_name]
    long, empty = (made.left_out[row.file_name] for row in rows[:2])
    assert "positions of 256" in long and "text is empty" in empty


# ---- runs


@pytest.fixture(scope="module")
def done(model, codec, voice, tmp_path_factory):
    """A run to its end: what came of it, and its lines."""
    lines = []
    table = toys.table(
        model, codec=str(codec), rows__batch=2, held_out__samples=1, schedule__steps=24,
        checkpoints__evaluate_steps=12, optimizer__lr=0.03,
    )  # fmt: skip
    out = tmp_path_factory.mktemp("orpheus") / "out"
    found = finetune(str(model), voice, out, overrides=table, device="cpu", progress=lines.append)
    return found, lines


def test_it_learns_the_voice_and_says_what_learnt(done):
    found, lines = done
    held_out = [line for line in lines if line["kind"] == "held_out"]
    first, last = held_out[0], held_out[-1]
    assert last["bits"] < 0.8 * first["bits"] and last["end"] > 10 * first["end"]
    assert (first["samples"], abs(first["quieter"]) < 30) == (1, True)
    gradients = next(line for line in lines if line["kind"] == "train")["gradients"]
    assert len(gradients) == 7 and min(gradients.values()) > 0
    assert sum(part.layers for part in found.parts) == 7 * 2
    assert (found.rows, found.consent, found.left_out) == (6, "herself", {})


def test_ours_and_peft_read_what_it_leaves(done, model):
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    ours = vocable.load(model, dtype=torch.float32).network
    base = logits(ours)
    load_adapter(ours, done[0].folder)
    found = logits(ours)
    assert (found - base).abs().max() > 0.1
    theirs = transformers.LlamaForCausalLM.from_pretrained(model)
    theirs = peft.PeftModel.from_pretrained(theirs, done[0].folder).eval()
    torch.testing.assert_close(theirs(IDS).logits[0], found, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("method", "tied"), [("lora", False), ("full", True)], ids=["lora-head", "full-tied"]
)
def test_a_whole_model_is_read_by_ours_and_transformers(tune, tmp_path, method, tied):
    transformers = pytest.importorskip("transformers")
    reference = references.make_reference(tie_word_embeddings=tied)
    base = references.write_model(reference, tmp_path / "base")
    done = tune(tmp_path / "out", of=base, tuning__method=method, tuning__merge=True,
                schedule__steps=4)  # fmt: skip
    speaker = vocable.load(done.folder)
    found = logits(speaker.network)
    assert (found - logits(vocable.load(base).network)).abs().max() > 0.01
    assert (done.share == 1.0) == (method == "full")
    assert ("lm_head.weight" in load_file(done.folder / "model.safetensors")) != tied
    theirs = transformers.LlamaForCausalLM.from_pretrained(done.folder).eval()
    torch.testing.assert_close(theirs(IDS).logits[0], found, atol=1e-4, rtol=1e-4)
    if method == "lora":
        apart = vocable.load(base).network
        load_adapter(apart, done.folder / "adapter")
        torch.testing.assert_close(found, logits(apart), atol=1e-4, rtol=1e-4)
    assert len(list(speaker.generate([Utterance("abc")], sampling=GREEDY, most=2))) == 2


def test_speech_alone_may_be_learnt(tune, tmp_path):
    """Text trains nothing then: other ids, other gradients, the same held-out measure."""
    every, speech = (
        tune(tmp_path / learn, learn=learn, schedule__steps=4) for learn in ("all", "speech")
    )
    assert every.bits[0] == speech.bits[0] and every.bits[4] != speech.bits[4]


def equal(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


@pytest.mark.slow
def test_stopped_and_resumed_is_undisturbed(tune, tmp_path, monkeypatch):
    whole = tune(tmp_path / "whole", tuning__dropout=0.2)
    after = Loop._after_step

    def stop_at_five(self):
        self._stop = self._stop or self.step == 5
        after(self)

    monkeypatch.setattr(Loop, "_after_step", stop_at_five)
    with pytest.raises(Stopped):
        tune(tmp_path / "parts", tuning__dropout=0.2)
    monkeypatch.setattr(Loop, "_after_step", after)
    found = tune(tmp_path / "parts", tuning__dropout=0.2, resume=True)
    one, other = (checkpoint.load(tmp_path / name) for name in ("whole", "parts"))
    assert all(equal(one[part], other[part]) for part in ("model", "task", "torch_rng"))
    assert replace(found, folder=whole.folder) == whole


# ---- plans and presets


def test_what_learns_of_the_published_size():
    """The notebook says 97,255,424 of its adapters' weights, of rank 64 in the seven maps."""
    with without_memory():
        network = Flat(orpheus_3b()).requires_grad_(False)
        chosen = choose(flat_places(network.config), toys.TARGETS)
        adapter = Adapter(network, chosen, LoraSettings(64))
    found = parts(adapter)
    assert len(found) == 7 and sum(part.parameters for part in found) == 97_255_424


@pytest.mark.parametrize(("preset", "told"), [("orpheus", "39.0 GB"), ("orpheus-full", "111.7 GB")])
def test_the_memory_of_the_published_size(preset, told):
    """As docs/orpheus.md says it, where the device is fast in bf16."""
    recipe = read_recipe(PRESETS / f"{preset}.toml", ['tuning.model="orpheus"'])
    full = recipe.tuning.method == "full"
    with without_memory():
        network = Flat(orpheus_3b()).to(torch.float32 if full else torch.bfloat16)
        what_learns(network.requires_grad_(False), flat_places(network.config), recipe.tuning)
    found = needed(network, lambda: longest_batch(network, recipe))
    assert found.text.startswith(told)


def test_presets_are_what_was_published(model, voice):
    lora = plan(str(model), voice, device="cpu").recipe
    assert lora.task == "finetune-orpheus" and lora.learn == "all"
    assert (lora.tuning.rank, lora.tuning.method, lora.optimizer.lr) == (64, "lora", 2e-4)
    assert (lora.rows.batch, lora.optimizer.accumulate) == (1, 4)
    full = plan(str(model), voice, preset="orpheus-full", device="cpu").recipe
    assert (full.tuning.method, full.optimizer.lr, full.rows.epochs) == ("full", 5e-5, 1.0)
    assert (full.rows.batch, full.optimizer.accumulate, full.schedule.steps) == (1, 1, 6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows__batch": 100_000_000}, "GB are free; take adapters for --full, a lower rows.batch"),
        ({"learn": "text"}, "learn is 'text'; wanted 'all' | 'speech'"),
        ({"tuning__targets": ["q_prjo"]}, 'no layer is called "q_prjo"; nearest: "q_proj"'),
        ({"codec": "speech-16k"}, "speech-16k has .* but orpheus-2x16 models 3 levels of 4096"),
    ],
)
def test_what_cannot_be_run_is_refused(tune, tmp_path, changes, message):
    with pytest.raises((RecipeError, ModelError), match=message) as caught:
        tune(tmp_path / "out", **changes)
    assert "\n" not in str(caught.value)


def test_models_that_cannot_be_trained_so(tune, model, voice, tmp_path):
    with pytest.raises(RecipeError, match="^speech-16k is not of the family Orpheus; name a"):
        finetune("speech-16k", voice, tmp_path / "out", preset="orpheus")
    silent = references.write_model(references.make_reference(), tmp_path / "silent")
    (silent / "tokenizer.json").unlink()
    with pytest.raises(RecipeError, match=r"no snippet .* \(the model has no tokenizer; put t"):
        tune(tmp_path / "out", of=silent)
    own = {"vocab_size": 300, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    references.make_reference(**own).save_pretrained(tmp_path / "text")
    with pytest.raises(ModelError, match="it is a Llama of 300 ids, which has none for sound"):
        finetune(str(tmp_path / "text"), voice, tmp_path / "out")


# ---- commands


def call(*args, code=0):
    done = CliRunner().invoke(commands, [*map(str, args)])
    assert done.exit_code == code, done.output
    return done


@pytest.mark.slow
def test_the_commands_tune_and_speak(model, codec, voice, tmp_path):
    """Fine-tuned on anna, asked for by her name: the sentence is that of the tuned model."""
    out, wav = tmp_path / "out", tmp_path / "said.wav"
    sets = [item for each in ("precision=fp32", "optimizer.lr=0.02", "held_out.samples=0",
            "checkpoints.tensorboard=false", f"codec={json.dumps(str(codec))}")
            for item in ("--set", each)]  # fmt: skip
    done = call("speak", "finetune", model, voice, "-o", out, "--rank", 4, "--steps", 4, *sets)
    assert "model.layers.*.self_attn.q_proj  2 layers" in done.stderr
    assert "verdict: " in done.stderr
    common = "--model", model, "--codec", codec, "--voice", "anna", "--seed", 3
    call("speak", "abc.", *common, "--adapter", out, "-o", wav)
    tuned = with_adapter(vocable.load(model), out)
    assert isinstance(tuned, FlatGenerator)
    tuned.attach(vocable.load(codec))
    wanted = np.concatenate(list(tuned.speak([Utterance("abc.", "anna")], seed=3)), 1)
    found = vocable.Audio.read(wav)
    assert found.samples.shape == wanted.shape and found.rate == 24_000
    np.testing.assert_allclose(found.samples, wanted, atol=1e-4)
    turns = tmp_path / "turns.jsonl"
    turns.write_text(json.dumps({"speaker": 1, "text": "so", "audio": str(wav)}))
    refused = call("speak", "abc.", *common, "--turns", turns, "-o", tmp_path / "b.wav", code=2)
    assert "reads no turns before a text; only a CSM does" in refused.stderr
    refused = call("speak", "abc.", *common, "--pace", 2, "-o", tmp_path / "b.wav", code=2)
    assert "takes no --pace; these are for say-16k" in refused.stderr
