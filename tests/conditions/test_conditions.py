"""Conditions: windows and their mean, centres and their tokens, files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conditions.toys import WIDTH, Described, Loud, vectors
from vocable import Audio
from vocable.conditions import (
    Conditioner,
    Embeds,
    EmbedsText,
    embedding_of,
    fit_books,
    read_books,
)
from vocable.errors import ModelError
from vocable.load import load_conditioner, load_embedding
from vocable.weights import write

SPEECH = Path(__file__).parents[2] / "examples" / "speech.flac"


def noise(seconds: float, seed: int = 0, rate: int = 1000) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(0, 0.1, round(seconds * rate)).astype(np.float32)


def unit(vector: torch.Tensor) -> torch.Tensor:
    return (vector / vector.norm()).float()


def test_a_recording_is_the_mean_of_its_windows() -> None:
    embeds, samples = Loud(), noise(12.7)
    windows = [samples[1000 * k :][:10_000] for k in range(3)]
    wanted = unit(sum(embeds.sound(each[None])[0].double() for each in windows))
    torch.testing.assert_close(embedding_of(embeds, Audio(samples, 1000)), wanted)
    short = noise(0.5)
    torch.testing.assert_close(
        embedding_of(embeds, Audio(short, 1000)), unit(embeds.sound(short[None])[0].double())
    )


def test_long_recordings_come_a_few_windows_at_a_time() -> None:
    embeds = Loud()
    found = embedding_of(embeds, Audio(noise(33), 1000))
    assert sum(embeds.heard) == 24 and max(embeds.heard) <= 8
    assert float(found.norm()) == pytest.approx(1)


def test_channels_and_rates_are_brought_to_one() -> None:
    mono = noise(3)
    stereo = Audio(np.stack([mono, mono]), 1000)
    assert torch.equal(embedding_of(Loud(), stereo), embedding_of(Loud(), Audio(mono, 1000)))
    slow = np.repeat(mono, 2)
    near = embedding_of(Loud(), Audio(slow, 2000)) @ embedding_of(Loud(), stereo)
    assert float(near) > 0.99


@pytest.mark.parametrize(("count", "size"), [(2, 2), (15, 2), (16, 4), (40, 8), (300, 64)])
def test_the_data_chooses_how_many_centres(count: int, size: int) -> None:
    books = fit_books(Loud(), vectors(count))
    assert books.levels.shape == (12, size, WIDTH)
    spec = books.spec
    assert spec.whole and spec.frames(10_000) == 1
    assert [level.size for level in spec.levels] == [size] * 12


def test_tokens_are_the_same_alone_and_together() -> None:
    books = fit_books(Loud(), vectors(60))
    given = vectors(200, seed=1)
    together = books.codes(given)
    alone = torch.cat([books.codes(row[None]) for row in given])
    assert torch.equal(together, alone)
    assert torch.equal(books.codes(given[torch.arange(199, -1, -1)]), together.flip(0))


def test_each_level_tells_what_those_before_left_over() -> None:
    given = vectors(60)
    books = fit_books(Loud(), given)
    codes, rest = books.codes(given), given.clone()
    left = [float(rest.square().sum())]
    for level, centres in enumerate(books.levels):
        nearest = torch.cdist(rest.double(), centres.double()).argmin(1)
        assert torch.equal(nearest, codes[:, level])
        rest = rest - centres[codes[:, level]]
        left.append(float(rest.square().sum()))
    assert left == sorted(left, reverse=True) and left[-1] < 0.01 * left[0]


def test_files_hold_what_they_say(tmp_path: Path) -> None:
    books = fit_books(Described(), vectors(20))
    path = tmp_path / "condition.safetensors"
    path.write_bytes(books.serialised())
    found = read_books(path)
    assert found.origin == books.origin and found.origin.text and found.space == books.space
    assert torch.equal(found.levels, books.levels)
    again = fit_books(Described(), vectors(20))
    assert again.space == books.space != fit_books(Loud(), vectors(20)).space
    whole = path.read_bytes()
    path.write_bytes(whole[:-8] + bytes(8))
    with pytest.raises(ModelError, match="says that it holds described@1/c12x4"):
        read_books(path)
    path.write_bytes(whole[:100])
    with pytest.raises(ModelError, match=r"condition.safetensors is damaged \("):
        read_books(path)
    write(path, {"other": torch.zeros(2)})
    with pytest.raises(ModelError, match="holds no condition; a set of tokens has one"):
        read_books(path)


def test_sounds_and_texts_have_tokens_of_one_space() -> None:
    books = fit_books(Described(), vectors(60).abs())
    made = Conditioner(Described(), books)
    sound, text = made.of_sound(noise(3), 1000), made.of_text("a bad face")
    for tokens in (sound, text):
        assert tokens.spec == books.spec and (tokens.frames, tokens.streams) == (1, 1)
    assert made.of_text("a bad face") == text != made.of_text("fff")
    assert made.reads_text and isinstance(Described(), EmbedsText)
    vector = unit(Described().text("a bad face"))
    assert made.tokens(vector) == text


def test_what_cannot_be_is_refused() -> None:
    books = fit_books(Loud(), vectors(8))
    made = Conditioner(Loud(), books)
    assert not made.reads_text and isinstance(Loud(), Embeds)
    with pytest.raises(ModelError, match="of loud, which hears and reads no texts; give a record"):
        made.of_text("a violin")
    with pytest.raises(ModelError, match=r"loud gives a vector that is 0 or not finite"):
        made.of_sound(np.zeros(2000, np.float32), 1000)
    with pytest.raises(ModelError, match="is of loud@1:0a, and described here is described@1:0b"):
        Conditioner(Described(), books)
    with pytest.raises(ModelError, match=r"vectors are \[1, 5\], but centres of loud are of width"):
        books.codes(vectors(1, width=5))
    described = Conditioner(Described(), fit_books(Described(), vectors(8)))
    with pytest.raises(ModelError, match="the text is empty"):
        described.of_text(" ")
    with pytest.raises(ModelError, match="speech-16k hears no voices"):
        load_embedding("speech-16k")


def test_a_bare_machine_hears_voices(tmp_path: Path) -> None:
    """say-16k's own voice: stretches of one recording are nearer than one played faster."""
    embeds = load_embedding("say-16k")
    whole = Audio.read(SPEECH)
    half = len(whole) // 2
    parts = [Audio(whole.samples[:, k * half : (k + 1) * half], whole.rate) for k in range(2)]
    one, other = (embedding_of(embeds, part) for part in parts)
    higher = embedding_of(embeds, Audio(parts[1].samples, round(1.4 * whole.rate)))
    assert float(one @ other) > float(one @ higher)
    state = torch.random.get_rng_state()
    books = fit_books(embeds, torch.stack([one, other, higher]))
    (tmp_path / "condition.safetensors").write_bytes(books.serialised())
    found = load_conditioner(tmp_path)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert found.spec == books.spec and found.of_sound(parts[0]) == found.tokens(one)
