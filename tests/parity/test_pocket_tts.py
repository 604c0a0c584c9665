"""Pocket TTS's codec against transformers and Kyutai's package: latents, sound, streams.

Whole frames: transformers fills up each layer's stride at the end, the package the recording. Of
the package the published sizes, whose heads and context its files do not say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.golden.pocket_tts.make import SIZES, reference
from tests.parity.checkpoints import open_checkpoint, write_hub_folder
from tests.parity.compare import compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.keys import pocket_tts as keys
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole
from vocable.testing.verify import noise_and_tones, verify

LONG = [pytest.mark.slow, pytest.mark.timeout(3600)]
VOICES = {  # models of the package whose codecs have all published sizes
    "pocket_tts": "english_2026-10",
    "pocket_tts_7m": "english_7m_2026-10",
    "pocket_tts_2m": "english_2m_2026-10",
}


@dataclass(frozen=True)
class Pair:
    """A reference by what it gives, and ours with its weights."""

    size: str
    package: str
    latents: Callable[[Tensor], Tensor]
    sound: Callable[[Tensor], Tensor]
    ours: Codec
    name: str


def ours(path: Path) -> tuple[Codec, str]:
    checkpoint = open_checkpoint(path)
    found = keys.recognise(checkpoint)
    return Codec(convert(keys, checkpoint, found).eval()), found.name


def of_hub(size: str, folder: Path) -> Pair:
    model = reference(SIZES if size == "toy" else {}, 1)
    return Pair(
        size,
        "transformers",
        lambda x: model.encode(x).latents,
        lambda z: model.decode(z).audio_values,
        *ours(write_hub_folder(model, folder)),
    )


def of_package(name: str, folder: Path) -> Pair:
    """Return one of the package's codecs, its weights in a file of its layout."""
    peer("pocket_tts")
    from pocket_tts.models.mimi import build_mimi
    from pocket_tts.modules.stateful_module import StatefulModule, init_states
    from pocket_tts.utils.config import CONFIGS_DIR, load_config

    model = build_mimi(load_config(CONFIGS_DIR / f"{VOICES[name]}.yaml").mimi)
    for module_name, module in model.named_modules():
        if isinstance(module, StatefulModule):
            module._module_absolute_name = module_name  # as the package's own loader does

    def decode(z: Tensor) -> Tensor:
        state = init_states(model, batch_size=len(z), sequence_length=16 * z.shape[1])
        return model.decode_from_latent(z, state)

    randomise(model, 1, lambda model, x: decode(model.encode_to_latent(x)), 9600, books=False)
    tensors = {f"mimi.{key}": value.contiguous() for key, value in model.state_dict().items()}
    save_file(tensors | {"flow_lm.bos_emb": torch.ones(32)}, folder / "model.safetensors")
    pair = ours(folder / "model.safetensors")
    return Pair("published", "pocket-tts", model.encode_to_latent, decode, *pair)


CASES = ("toy", *(pytest.param(name, marks=LONG) for name in ("published", *VOICES)))


@pytest.fixture(scope="module", params=CASES)
def pair(request, tmp_path_factory) -> Pair:
    folder = tmp_path_factory.mktemp("pocket")
    if request.param not in VOICES:
        return of_hub(request.param, folder)
    found = of_package(request.param, folder)
    assert found.name == request.param
    return found


@torch.no_grad()
def test_latents_and_sound(pair):
    frame, worst = pair.ours.frame, {"latents": 0.0, "samples": 0.0, "frames": 0}
    for frames in (60 if pair.size == "toy" else 20, 2, 1):
        x = sound(frames * frame, batch=2, seed=frames)
        wanted = pair.latents(x)
        found = pair.ours.to_codes(x)[0]
        worst["latents"] = max(worst["latents"], compare_latents(found, wanted))
        sounds = pair.ours.from_codes([wanted]), pair.sound(wanted)
        worst["samples"] = max(worst["samples"], compare_samples(*sounds))
        worst["frames"] += 2 * frames
    record(f"Pocket TTS, {pair.name}", size=pair.size, reference=pair.package, **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles_filled_up(pair):
    frame = pair.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (3 * frame, frame + 5, 1, 3 * frame)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        filled = torch.nn.functional.pad(x, (0, -x.shape[1] % frame))
        compare_latents(tokens.to_torch(), pair.latents(filled[None]))


def test_streams_equal_the_whole(pair):
    frame = pair.ours.frame
    check_streams_equal_whole(pair.ours, sound(7 * frame + 5, seed=9), [frame // 3, 2 * frame])


def test_a_checkpoint_is_verified(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    path = write_hub_folder(reference(SIZES, 5), tmp_path / "x")
    audio = noise_and_tones()
    short = Audio(audio.samples[:, : audio.rate // 20], audio.rate)
    checks = {check.what: check for check in verify(path, short)}
    assert checks.pop("hash").verdict == "not checked"
    assert {check.verdict for check in checks.values()} == {"ok"}, checks
    assert "latents within" in checks["reference"].details
