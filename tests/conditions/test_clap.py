"""CLAP of `transformers`, with random weights: one space, nothing of it left behind."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conditions.clap_toy import save_clap
from vocable import Audio
from vocable.conditions import Conditioner, EmbedsText, embedding_of, fit_books
from vocable.errors import ModelError
from vocable.load import load_conditioner, load_embedding

WIDTH = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    return save_clap(tmp_path_factory.mktemp("clap") / "tiny")


def sound(seconds: float, seed: int = 0) -> Audio:
    random = np.random.default_rng(seed)
    return Audio(random.normal(0, 0.1, round(48_000 * seconds)).astype(np.float32), 48_000)


def test_sounds_and_texts_land_in_one_space(folder: Path, tmp_path: Path) -> None:
    embeds = load_embedding(str(folder))
    assert isinstance(embeds, EmbedsText) and embeds.rate == 48_000
    assert embeds.space.startswith("tiny@1:")
    samples = [sound(0.5, seed) for seed in range(3)]
    vectors = torch.stack([embedding_of(embeds, each) for each in samples])
    text = embeds.text("a calm violin")
    assert vectors.shape == (3, WIDTH) and text.shape == (WIDTH,)
    assert float(text.norm()) == pytest.approx(1, abs=1e-5)
    books = fit_books(embeds, vectors)
    made = Conditioner(embeds, books)
    assert made.of_text("a calm violin").spec == made.of_sound(samples[0]).spec
    assert books.origin.text
    (tmp_path / "condition.safetensors").write_bytes(books.serialised())
    again = load_conditioner(tmp_path)
    assert again.of_sound(samples[1]) == made.of_sound(samples[1])
    assert again.of_text("drums") == made.of_text("drums")


def test_it_gives_what_transformers_gives(folder: Path) -> None:
    from transformers import ClapModel, ClapProcessor

    embeds = load_embedding(str(folder))
    model, processor = ClapModel.from_pretrained(folder), ClapProcessor.from_pretrained(folder)
    windows = np.stack([sound(0.5, seed).samples[0] for seed in range(2)])
    given = processor.feature_extractor(list(windows), sampling_rate=48_000, return_tensors="pt")
    said = processor.tokenizer(["a calm violin"], return_tensors="pt")
    with torch.inference_mode():
        wanted = model.eval().get_audio_features(**given).pooler_output
        words = model.get_text_features(**said).pooler_output[0]
    torch.testing.assert_close(embeds.sound(windows), wanted)
    torch.testing.assert_close(embeds.text("a calm violin"), words)
    alone = torch.cat([embeds.sound(window[None]) for window in windows])
    torch.testing.assert_close(alone, wanted)


def test_the_program_around_notices_nothing(folder: Path) -> None:
    from transformers.utils import logging

    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    shown = logging.is_progress_bar_enabled()
    load_embedding(str(folder)).sound(sound(0.5).samples)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert logging.is_progress_bar_enabled() == shown


def test_what_is_not_one_is_refused_in_a_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match="is a bert; a condition is of say-16k or of a CLAP"):
        load_embedding(str(tmp_path))
    with pytest.raises(ModelError, match="is neither say-16k nor a CLAP that can be loaded") as no:
        load_embedding(str(tmp_path / "nothing"))
    assert "\n" not in str(no.value)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ModelError, match=r'transformers: pip install "vocable\[language\]"'):
        load_embedding("laion/clap-htsat-unfused")
