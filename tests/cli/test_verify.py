"""`vocable verify` says what it checked, what failed, and what it could not check."""

import sys

import pytest
import torch
from safetensors.torch import save_file

from tests.cli.calls import call, results
from tests.cli.small import write_tone
from tests.load.toy_encoder import write_cpc
from tests.load.toys import toy_tensors, write_toy
from vocable.codecs import keys
from vocable.codecs.published import PUBLISHED
from vocable.hub import file_hash

LAWS = ["exact length", "stream equals whole", "batch equals singles", "fewer levels", "identity"]


@pytest.fixture(autouse=True)
def toys(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(keys.FAMILIES, "Toy", "tests.load.toy_layout")


@pytest.fixture
def toy(tmp_path):
    return write_toy(tmp_path / "toy")


def test_a_checkpoint_of_others(toy, tmp_path):
    write_tone(tmp_path / "tone.wav")
    checks = {f["what"]: f for f in results("verify", toy, "--audio", tmp_path / "tone.wav")}
    assert list(checks) == ["hash", "keys", *LAWS, "reference"]
    assert (
        checks["hash"]["verdict"] == "not checked" and file_hash(toy) in checks["hash"]["details"]
    )
    assert checks["keys"]["details"].startswith(
        "11 of toy-8khz, toys layout, all met; space toy-8khz"
    )
    assert {checks[law]["verdict"] for law in LAWS} == {"ok"}
    assert checks["reference"]["verdict"] == "not checked"
    done = call("verify", toy)
    assert done.stderr.endswith("6 ok, 0 failed, 2 not checked\n")
    assert done.stdout.splitlines()[0].startswith("not checked  hash ")


def test_a_model_of_ours(small):
    done = call("verify", small)
    assert "as its config.json says" in done.stdout and " 0 failed, 1 not checked" in done.stderr


def test_a_pinned_hash_is_named(toy, monkeypatch):
    from dataclasses import replace

    entry = replace(PUBLISHED[0], sha256=file_hash(toy))
    monkeypatch.setattr(sys.modules["vocable.load.entries"], "PUBLISHED", (entry,))
    (first, *_) = results("verify", toy)
    assert first["verdict"] == "ok" and first["details"].endswith("pinned for kyutai/mimi")


@pytest.mark.parametrize("right", [True, False])
def test_a_name_that_states_its_hash_is_held_to_it(right, toy):
    named = toy.with_name(f"toy-{file_hash(toy)[:8] if right else '0' * 8}.th")
    toy.rename(named)
    (first, *_) = results("verify", named, code=0 if right else 1)
    assert first["verdict"] == ("ok" if right else "failed")
    words = "begins as its file name ends" if right else "should begin with 00000000"
    assert words in first["details"]


def test_a_law_that_is_broken_fails(toy, monkeypatch):
    def broken(*_):
        raise AssertionError("one sample is missing")

    monkeypatch.setattr(sys.modules["vocable.testing.verify"], "check_exact_length", broken)
    checks = results("verify", toy, code=1)
    (failed,) = [found for found in checks if found["verdict"] == "failed"]
    assert (failed["what"], failed["details"]) == ("exact length", "one sample is missing")


@pytest.mark.parametrize(
    ("error", "verdict", "details"),
    [
        (ImportError("no", name="moshi"), "not checked", "moshi is not installed"),
        (AssertionError("codes differ first in frame 3"), "failed", "codes differ first in frame"),
        (TypeError("odd"), "not checked", r"it does not run here (TypeError: odd)"),
    ],
)
def test_what_the_reference_says(error, verdict, details, toy, monkeypatch):
    def reference_of(*_):
        raise error

    monkeypatch.setattr(sys.modules["vocable.testing.verify"], "reference_of", reference_of)
    last = results("verify", toy, code=1 if verdict == "failed" else 0)[-1]
    assert (last["what"], last["verdict"]) == ("reference", verdict)
    assert last["details"].startswith(details)


def test_a_reference_that_differs_is_noticed(toy):
    """The comparison itself: the model against itself, then with one entry moved."""
    import vocable
    from vocable.testing.references import Reference, compare

    codec, other = vocable.load(toy), vocable.load(toy)

    def of(model):
        return Reference(
            "ours",
            lambda x: model.encoder(x.transpose(1, 2)),
            lambda x: tuple(model.to_codes(x)),
            lambda codes: model.from_codes(codes),
        )

    x = 0.3 * torch.randn(1, 1, 16 * 40, generator=torch.Generator().manual_seed(0))
    found = compare(codec, of(other.model), x)
    assert (found.latents, found.samples, found.ties, found.frames) == (0, 0, 0, 40)
    other.model.decoder.state_dict()["blocks.0.bias"].add_(0.1)
    with pytest.raises(AssertionError, match="sound"):
        compare(codec, of(other.model), x)
    other.model.encoder.state_dict()["blocks.0.bias"].add_(0.1)
    with pytest.raises(AssertionError, match="latents"):
        compare(codec, of(other.model), x)


def test_an_encoder_whose_reference_is_not_here(tmp_path):
    checks = {f["what"]: f for f in results("verify", write_cpc(tmp_path / "cpc"))}
    assert list(checks) == ["hash", "keys", "frames", "batch equals singles", "reference"]
    assert checks["frames"]["verdict"] == checks["batch equals singles"]["verdict"] == "ok"
    assert checks["keys"]["details"].startswith("24 of cpc-1x8, CPC_audio layout, all met; space")
    assert checks["reference"]["details"] == "files of CPC_audio have none that installs here"


def test_an_encoder_whose_frames_depend_on_their_neighbours_fails(tmp_path, monkeypatch):
    from vocable.units import FeatureEncoder

    features = FeatureEncoder.features

    def leaking(self, sources, *args, **options):
        found = features(self, sources, *args, **options)
        return [rows + 1e-2 * (len(found) > 1) for rows in found]

    monkeypatch.setattr(FeatureEncoder, "features", leaking)
    checks = {f["what"]: f for f in results("verify", write_cpc(tmp_path / "cpc"), code=1)}
    assert checks["batch equals singles"]["verdict"] == "failed"


@pytest.mark.parametrize("what", ["nobody", "gone.wav"])
def test_what_cannot_be_loaded_is_refused(what, here):
    done = call("verify", what, code=2)
    assert done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path):
    tensors = toy_tensors()
    tensors.popitem()
    save_file(tensors, tmp_path / "x.safetensors")
    assert "looks like toy-8khz" in call("verify", tmp_path / "x.safetensors", code=2).stderr
