"""A text model with audio ids is a text model like any other, and its text is untouched."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from tests.tokens.strategies import made
from tests.tokens.test_spec import HUBERT, SPEECH
from vocable.errors import ModelError
from vocable.language import text_model
from vocable.language.text_model import MeanAndNoise, Projected
from vocable.tokens import AcousticBPE, AudioTokens, Level, Vocabulary, delay

SPEC = replace(SPEECH, levels=(Level(40), Level(20)), prefixes=(2,))
TEXT = 30  # ids of the tokenizer; the table has some rows more, as published models do


def tokenizer():
    words = {chr(97 + n): n for n in range(26)} | {"[UNK]": 26, "<s>": 27, "</s>": 28, "ab": 29}
    raw = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, unk_token="[UNK]", bos_token="<s>", eos_token="</s>"
    )


def model(tied=False, rows=37):
    torch.manual_seed(1)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=rows, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=tied,
            bos_token_id=27, eos_token_id=28, pad_token_id=28, initializer_range=0.3,
        )
    ).eval()  # fmt: skip


def extended(tied=False, ids=None, rows=None):
    ids = ids or Vocabulary.of(SPEC, text=TEXT)
    made_tokenizer, made_model = tokenizer(), model(tied)
    text_model.extend(made_model, made_tokenizer, ids, rows or MeanAndNoise())
    return made_model, made_tokenizer, ids


def tables(of):
    return [of.get_input_embeddings(), of.get_output_embeddings()]


def logits(of, numbers):
    with torch.no_grad():
        return of(torch.tensor([numbers])).logits[0]


@pytest.mark.parametrize("tied", [False, True])
def test_text_has_the_logits_that_it_had(tied):
    numbers = tokenizer()("a b ab z q", return_tensors="pt")["input_ids"][0].tolist()
    before = logits(model(tied), numbers)[:, :TEXT]
    grown, same, ids = extended(tied)
    assert same("a b ab z q")["input_ids"] == numbers
    assert torch.equal(logits(grown, numbers)[:, :TEXT], before)
    assert grown.config.vocab_size == ids.size == 30 + 3 + 60
    assert (grown.get_output_embeddings().weight is grown.get_input_embeddings().weight) == tied


@pytest.mark.parametrize("tied", [False, True])
def test_the_folder_loads_as_any_other(tmp_path, tied):
    """What servers read: config.json, shapes in safetensors, and the tokenizer's files."""
    grown, words, ids = extended(tied)
    folder = tmp_path / "model"
    text_model.save(folder, grown, words, ids)
    loaded = AutoModelForCausalLM.from_pretrained(folder)
    again = AutoTokenizer.from_pretrained(folder)
    assert torch.equal(logits(loaded, [1, 40, 70]), logits(grown, [1, 40, 70]))
    assert text_model.load_ids(folder) == ids
    text_model.check(loaded, again, ids)
    config = json.loads((folder / "config.json").read_text())
    stored = load_file(folder / "model.safetensors")
    assert config["architectures"] == ["LlamaForCausalLM"] and config["vocab_size"] == ids.size
    assert stored["model.embed_tokens.weight"].shape == (ids.size, 32)
    assert ("lm_head.weight" in stored) == (not tied)
    with pytest.raises(FileExistsError, match="model exists; take another name, or remove it"):
        text_model.save(folder, grown, words, ids)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_generated_ids_are_tokens_again(tmp_path):
    grown, words, ids = extended(True)
    text_model.save(tmp_path / "model", grown, words, ids)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    prompt = AutoTokenizer.from_pretrained(tmp_path / "model")("a b", return_tensors="pt")
    begin = prompt["input_ids"].shape[1]

    def allowed(_, before):
        return list(ids.ranges[(len(before) - begin) % 2])

    out = loaded.generate(
        **prompt, max_new_tokens=14, do_sample=True, prefix_allowed_tokens_fn=allowed
    )
    spoken = ids.from_ids(out[:, begin:])
    assert spoken.frames == 7 and spoken.levels == 2
    assert torch.equal(torch.from_numpy(ids.to_ids(spoken)), out[:, begin:])


def test_every_id_has_a_name_that_reads_back():
    _, words, ids = extended()
    names = text_model.names_of(ids)
    assert names[:4] == ["<|audio_pad|>", "<|audio_bos|>", "<|audio_eos|>", "<|audio_0|>"]
    tokens = made(SPEC, 2, 1, 5)
    written = words.decode(ids.to_ids(tokens)[0]).replace(" ", "")
    assert ids.from_ids(words(written)["input_ids"]) == tokens
    assert words.decode(ids.to_ids(tokens)[0], skip_special_tokens=True) == ""


def test_rows_begin_around_the_mean_of_text():
    before = model().get_input_embeddings().weight.detach()[:TEXT]
    spread = (before - before.mean(0)).square().mean().sqrt()
    for rows, share in ((MeanAndNoise(0.2), 0.2), (Projected(codebooks(), 0.7), 0.7)):
        grown, _, _ = extended(rows=rows)
        for table in tables(grown):
            fresh = table.weight.detach()[TEXT + 3 :]
            if table is grown.get_input_embeddings():
                away = (fresh - before.mean(0)).square().mean().sqrt() / spread
                assert away == pytest.approx(share, rel=0.05)
            assert len(fresh.unique(dim=0)) == 60
    assert torch.equal(extended(rows=MeanAndNoise(seed=3))[0].lm_head.weight,
                       extended(rows=MeanAndNoise(seed=3))[0].lm_head.weight)  # fmt: skip


def codebooks():
    random = torch.Generator().manual_seed(0)
    return [torch.randn(40, 400, generator=random), torch.randn(20, 300, generator=random)]


def test_projected_rows_are_as_near_as_their_vectors():
    """Distances keep their proportions, as far as a random projection onto 2048 numbers can."""
    vectors = codebooks()
    vectors[0][1] = vectors[0][0] + 0.01 * torch.randn(400)
    ids = Vocabulary.of(SPEC, text=TEXT)
    rows = Projected(vectors).rows(ids, 2048)[3:43]
    wanted, found = torch.pdist(vectors[0]), torch.pdist(rows)
    assert found.argmin() == wanted.argmin() == 0
    ratio = (found / wanted)[1:]
    assert (ratio / ratio.mean() - 1).abs().max() < 0.12


def test_merged_units_begin_between_their_units():
    spec = replace(HUBERT, levels=(Level(6),))
    base = Vocabulary.of(spec, text=TEXT)
    some = AudioTokens(spec, ([[0, 1, 2, 3, 0, 1, 2, 4, 0, 1, 5]],))
    ids = AcousticBPE.train(base, [some], base.size + 2)
    grown, words, _ = extended(ids=ids, rows=Projected([torch.randn(6, 16)]))
    table = grown.get_input_embeddings().weight.detach()
    units = ids.expand([base.size])
    assert torch.allclose(table[base.size], table[torch.from_numpy(units)].mean(0), atol=1e-6)
    assert words.convert_ids_to_tokens(base.size) == "<|audio_6|>"


def test_merged_units_are_kept_beside_the_model(tmp_path):
    spec = replace(HUBERT, levels=(Level(6),))
    base = Vocabulary.of(spec, text=TEXT)
    ids = AcousticBPE.train(base, [AudioTokens(spec, ([[0, 1, 0, 1]],))], base.size + 1)
    text_model.save(tmp_path / "model", *extended(ids=ids)[:2], ids)
    assert text_model.load_ids(tmp_path / "model") == ids
    assert len(AutoTokenizer.from_pretrained(tmp_path / "model")) == ids.size


def test_two_vocabularies_follow_each_other():
    grown, words, first = extended()
    second = Vocabulary.of(replace(HUBERT, levels=(Level(6),)), text=first.size)
    text_model.extend(grown, words, second, MeanAndNoise(), name="unit")
    text_model.check(grown, words, first)
    assert words.convert_ids_to_tokens(second.ranges[0].start) == "<|unit_0|>"


def test_a_table_that_is_large_enough_keeps_its_rows():
    """The rows behind the text are padding: they are written, and the table does not grow."""
    words, padded, ids = tokenizer(), model(rows=128), Vocabulary.of(SPEC, text=TEXT)
    text_model.extend(padded, words, ids, MeanAndNoise())
    assert len(padded.lm_head.weight) == padded.config.vocab_size == 128
    assert len(words) == ids.size == 93


@pytest.mark.parametrize("tied", [False, True])
def test_lora_trains_the_new_rows_and_leaves_text(tied):
    peft = pytest.importorskip("peft")
    grown, _, ids = extended(tied)
    rows = text_model.trainable_rows(grown, ids)
    assert list(rows) == (["embed_tokens"] if tied else ["embed_tokens", "lm_head"])
    config = peft.LoraConfig(
        task_type="CAUSAL_LM", target_modules=["q_proj", "v_proj"], trainable_token_indices=rows
    )
    before = [table.weight.detach().clone() for table in tables(grown)]
    adapted = peft.get_peft_model(grown, config)
    optimizer = torch.optim.AdamW([p for p in adapted.parameters() if p.requires_grad], lr=0.1)
    numbers = torch.tensor([[1, 2, 40, 80, 41, 81]])
    adapted(numbers, labels=numbers).loss.backward()
    optimizer.step()
    trained = adapted.merge_and_unload()
    for old, table in zip(before, tables(trained), strict=True):
        assert torch.equal(table.weight[:TEXT], old[:TEXT])
        assert not torch.equal(table.weight[TEXT:], old[TEXT:])


@pytest.mark.parametrize(
    "ids, message",
    [
        (Vocabulary.of(SPEC, text=37), r"begin at 37 and the tokenizer's end at 29; use text=text"),
        (
            Vocabulary.of(SPEC, delay(), text=TEXT),
            "predicts one row of ids, and layout delay has 2",
        ),
    ],
)
def test_ids_refused(ids, message):
    words, plain = tokenizer(), model()
    with pytest.raises(ModelError, match=message):
        text_model.extend(plain, words, ids, MeanAndNoise())
    assert len(words) == TEXT and plain.config.vocab_size == 37


def test_what_does_not_belong_together_is_refused(tmp_path):
    grown, words, ids = extended()
    with pytest.raises(ModelError, match=r"tokenizer has <\|audio_pad\|> already; use another"):
        text_model.extend(grown, words, Vocabulary.of(SPEC, text=ids.size), MeanAndNoise())
    with pytest.raises(ModelError, match="the model has 37 rows and the vocabulary 93 ids"):
        text_model.save(tmp_path / "a", model(), words, ids)
    with pytest.raises(ModelError, match=r"has <\|audio_pad\|> as no id, and the vocabulary as 30"):
        text_model.save(tmp_path / "a", grown, tokenizer(), ids)
    with pytest.raises(ModelError, match="the model has 29 rows and its tokenizer 30 ids"):
        text_model.extend(model(rows=29), tokenizer(), ids, MeanAndNoise())
    with pytest.raises(ModelError, match="codebooks must have 40, 20 vectors, .* got 40, 21"):
        Projected([torch.zeros(40, 3), torch.zeros(21, 3)]).rows(ids, 8)
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_of_a_folder_that_could_not_be_written(tmp_path, monkeypatch):
    grown, words, ids = extended()

    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(type(ids), "save", full)
    with pytest.raises(OSError, match="no space left"):
        text_model.save(tmp_path / "model", grown, words, ids)
    assert not list(tmp_path.iterdir())
