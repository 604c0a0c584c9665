"""`vocable speak finetune`: what it says before, during and after, and what it refuses."""

import json
import re

import pytest
import torch
from click.testing import CliRunner

import vocable
from tests.speak.finetune import toys
from vocable.cli.group import commands
from vocable.cli.speak_finetune import command
from vocable.language.adapting import load_adapter
from vocable.language.csm import CsmGenerator

QUICK = ["--steps", "4", "--device", "cpu", "--set", "precision=fp32", "--set", "optimizer.lr=0.01",
         "--set", "held_out.samples=0", "--set", "checkpoints.tensorboard=false"]  # fmt: skip


def call(*args, code=0):
    done = CliRunner().invoke(command, [*map(str, args)], standalone_mode=False)
    if done.exception:
        assert code, done.exception
        assert done.exception.exit_code == code, done.exception
    else:
        assert done.return_value == code, done.output
    return done


def test_it_says_what_learns_what_it_takes_and_how_it_went(model, voice, tmp_path):
    out = tmp_path / "out"
    done = call(model, voice, "-o", out, "--rank", 2, "--targets", "q_proj", "--targets",
                r"depth_decoder\..*mlp\..*", *QUICK)  # fmt: skip
    first, *_, before, verdict = done.stderr.splitlines()
    assert first.startswith("backbone_model.layers.*.self_attn.q_proj  3 layers")
    text = done.stderr
    assert "of 0.0 M weights learn (" in text and "in at most 4 steps; memory: 0.5 GB (w" in text
    assert "every 1 steps 16 held-out snippets, or all, are judged\n" in text
    assert "a gradient reaches every layer; the least, " in text and "step 4  " in text
    assert "level0" not in text and "samples 0" not in text and "held out  bits " in text
    assert before.startswith("done; the weights of step ") and "6 snippets" in before
    assert verdict.startswith("verdict: ")
    config = json.loads((out / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["peft_type"]) == (2, 2, "LORA")
    assert config["base_model_name_or_path"] == str(model)
    again = call(model, voice, "-o", out, *QUICK, code=2)
    assert "go on with it by --resume, or name another folder" in again.exception.format_message()


def test_it_says_how_like_the_voice_it_speaks(model, voice, tmp_path):
    done = call(model, voice, "-o", tmp_path, *QUICK, "--set", "held_out.samples=1")
    assert "are judged, and 1 of their texts are spoken\n" in done.stderr
    likeness = json.loads((tmp_path / "finetune.json").read_text())["likeness"]
    kept = re.search(r"the weights of step (\d), likeness (\S+) by say-16k, 6 snip", done.stderr)
    assert kept and float(kept[2]) == pytest.approx(likeness[kept[1]], abs=5e-4)


def test_what_was_learnt_speaks(model, voice, tmp_path, monkeypatch):
    out, networks = tmp_path / "out", []
    call(model, voice, "-o", out, "--rank", 2, *QUICK)
    speak = CsmGenerator.speak

    def watched(self, *args, **more):
        networks.append(self.network)
        return speak(self, *args, **more)

    monkeypatch.setattr(CsmGenerator, "speak", watched)
    for name, more in (("base.wav", ()), ("tuned.wav", ("--adapter", out))):
        args = ["speak", "abc", "--model", model, "-o", tmp_path / name, *more]
        done = CliRunner().invoke(commands, [*map(str, args)])
        assert done.exit_code == 0 and (tmp_path / name).is_file(), done.output
    weights = [network.state_dict() for network in networks]
    assert weights[0].keys() == weights[1].keys()
    wanted = vocable.load(model).network
    load_adapter(wanted, out, merge=True)
    for key, value in wanted.state_dict().items():
        assert torch.equal(weights[1][key], value), key
    assert not torch.equal(*(each["trunk.layers.0.mlp.out.weight"] for each in weights))
    args = ["speak", "abc", "--model", model, "-o", tmp_path / "no.wav", "--adapter", voice]
    done = CliRunner().invoke(commands, [*map(str, args)])
    assert done.exit_code == 2 and "is not an adapter: it has no adapter_config" in done.stderr


def test_json_has_every_line_and_the_result(model, voice, tmp_path):
    done = call(model, voice, "-o", tmp_path / "out", "--merge", "--json", *QUICK)
    *lines, last = map(json.loads, done.stdout.splitlines())
    assert {line["kind"] for line in lines} == {"train", "held_out"}
    assert last["rows"] == 6 and last["method"] == "lora" and last["consent"] == "herself"
    assert (tmp_path / "out" / "adapter" / "adapter_model.safetensors").is_file()
    assert (tmp_path / "out" / "model.safetensors").is_file()


def test_refusals_are_one_line_before_any_work(model, voice, tmp_path):
    silent = toys.write_set(tmp_path / "silent", consent="")
    empty = tmp_path / "empty"
    empty.mkdir()
    for args, message in (
        ((model, silent), "says nothing about consent"),
        ((model, empty), "is not a prepared set"),
        (("speech-16k", voice), "speech-16k cannot be fine-tuned on a voice; known families: csm"),
        ((tmp_path / "nowhere", voice), "no model named"),
        ((model, voice, "--targets", "q_prj"), 'no layer is called "q_prj"'),
        ((model, voice, "--preset", "csn"), 'no preset "csn"; nearest: "csm"'),
        ((model, voice, "--set", "rows.batsh=1"), 'no key rows.batsh; nearest: "batch"'),
        ((model, voice, "--set", "rows.batch=100000000"), "GB are free; take adapters"),
    ):
        done = call(*args, "-o", tmp_path / "out", code=2)
        text = done.exception.format_message()
        assert message in text and "\n" not in text
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("full", [[], ["--full"]])
def test_full_takes_its_own_preset(model, voice, tmp_path, full):
    done = call(model, voice, "-o", tmp_path / "out", *full, *QUICK, "--json")
    *_, last = map(json.loads, done.stdout.splitlines())
    assert last["method"] == ("full" if full else "lora")
    assert (last["share"] == 1.0) == bool(full)
