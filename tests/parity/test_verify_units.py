"""`vocable verify` of encoders and units: a toy that transformers and scikit-learn vouch for.

The toy's golden features are those of transformers, its golden units those of scikit-learn.
"""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from tests.cli.calls import call, results
from tests.parity.encoders import write_fairseq, write_hub
from tests.parity.peers import peer
from tests.parity.test_units_w2v_bert import TOY as SIZES
from tests.parity.test_units_w2v_bert import reference as w2v_bert
from tests.parity.test_units_wav2vec2 import LARGE, reference
from tests.parity.test_units_wavlm import reference as wavlm
from tests.units.sounds import RATE, tones
from vocable.audio import Audio
from vocable.errors import ModelError
from vocable.hub import file_hash
from vocable.load import load_units
from vocable.testing import golden_units
from vocable.testing.verify import noise_and_tones, verify
from vocable.units import convert_kmeans, published

peer("transformers")
cluster = pytest.importorskip("sklearn.cluster")
NAME, LAYER, SIZE = "toy-l2-km12", 2, 12
SHORT = Audio(noise_and_tones().samples[:, :9600], 48_000)  # 0.2 s


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A published encoder and published centres, in a folder with their recording."""
    made = reference("hubert")
    encoder_file = write_fairseq(made, tmp_path / "toy_hubert.pt", "hubert")
    soundfile.write(tmp_path / "toy.wav", tones(0.6), RATE, subtype="PCM_16")
    audio = Audio.read(tmp_path / "toy.wav")
    with torch.no_grad():
        states = made(torch.tensor(audio.samples), output_hidden_states=True).hidden_states
    rows = states[LAYER][0].numpy()
    model = cluster.KMeans(SIZE, n_init=1, random_state=0).fit(rows)
    model.cluster_centers_[5] = model.cluster_centers_[3]  # two that tie wherever one is nearest
    (tmp_path / "toy_km.bin").write_bytes(pickle.dumps(model))
    units = np.linalg.norm(rows[:, None] - model.cluster_centers_[None], axis=2).argmin(axis=1)
    publish(monkeypatch, encoder_file, tmp_path / "toy_km.bin")
    know(monkeypatch, audio, rows, units)
    return SimpleNamespace(folder=tmp_path, audio=audio, units=units)


def publish(monkeypatch, encoder_file, centres_file):
    encoder = replace(
        published.ENCODERS[0], name=encoder_file.name, file=encoder_file.name, model="hubert-3x24",
        revision=None, sha256=file_hash(encoder_file), url="https://example.org/toy_hubert.pt",
    )  # fmt: skip
    units = published.PublishedUnits(
        NAME, encoder.name, LAYER, SIZE, centres_file.name, "https://example.org/toy_km.bin",
        file_hash(centres_file),
    )  # fmt: skip
    monkeypatch.setattr(published, "ENCODERS", (encoder,))
    monkeypatch.setattr(published, "UNITS", (units,))


def know(monkeypatch, audio, rows, units):
    stored = np.round(audio.samples * 32_768).astype("<i2").tobytes()
    recording = golden_units.GoldenRecording(
        "toy.wav", "https://example.org/toy.wav", RATE, audio.samples.shape[1],
        hashlib.sha256(stored).hexdigest(),
    )  # fmt: skip
    features = golden_units.GoldenFeatures(
        recording, LAYER, rows.shape, float(rows.mean()), float(rows.std()),
        float(np.abs(rows).max()), tuple(rows[0, :6]), tuple(rows[-1, :4]),
    )  # fmt: skip
    of_units = golden_units.GoldenUnits(recording, tuple(int(unit) for unit in units))
    monkeypatch.setitem(golden_units.FEATURES, "toy_hubert.pt", features)
    monkeypatch.setitem(golden_units.UNITS, NAME, of_units)


def say(monkeypatch, units):
    """Let other units have been published."""
    golden = golden_units.UNITS[NAME]
    monkeypatch.setitem(golden_units.UNITS, NAME, replace(golden, units=tuple(units)))


def checks_of(toy):
    return {check.what: check for check in verify(NAME, SHORT, toy.folder)}


def test_published_units_are_met(toy):
    checks = checks_of(toy)
    assert list(checks) == [
        "hash of encoder", "hash of centres", "keys", "centres", "frames", "batch equals singles",
        "features", "units",
    ]  # fmt: skip
    assert {check.verdict for check in checks.values()} == {"ok"}, checks
    frames = len(toy.units)
    assert checks["units"].details == f"{frames} of {frames} equal, 0 near ties"
    assert f"layer 2, {frames} frames: mean, deviation, peak and 10 values within" in (
        checks["features"].details
    )
    assert "/L2/k12:" in checks["centres"].details and "fairseq layout" in checks["keys"].details
    assert load_units(NAME, toy.folder).encode(toy.audio).codes[0, 0].tolist() == toy.units.tolist()


def test_the_command_says_the_same(toy):
    done = call("verify", NAME, "--from", toy.folder)
    assert done.stderr == "8 ok, 0 failed, 0 not checked\n"
    (toy.folder / "toy.wav").rename(toy.folder / "named otherwise.wav")
    checks = {f["what"]: f for f in results("verify", NAME, "--from", toy.folder)}
    assert checks["units"]["verdict"] == checks["features"]["verdict"] == "not checked"
    assert "needs toy.wav; download https://example.org/toy.wav into" in checks["units"]["details"]
    found = results(
        "verify", NAME, "--from", toy.folder, "--audio", toy.folder / "named otherwise.wav"
    )
    assert {f["verdict"] for f in found} == {"ok"}, "a recording is known by its samples"
    done = call("verify", toy.folder / "toy_hubert.pt", "--from", toy.folder, code=2)
    assert "is not the name of published units; name its folder or file" in done.stderr


def test_near_ties_are_counted_and_more_than_one_in_a_thousand_is_too_many(toy, monkeypatch):
    (places,) = np.nonzero(toy.units == 3)
    frames, others = len(toy.units), toy.units.copy()
    others[places[:1]] = 5
    say(monkeypatch, others)
    assert checks_of(toy)["units"].details == f"{frames - 1} of {frames} equal, 1 near ties"
    others[places[:2]] = 5
    say(monkeypatch, others)
    check = checks_of(toy)["units"]
    assert check.verdict == "failed" and "2 of 479 frames tie, at most 1 in 1000" in check.details


def test_a_unit_that_is_another_is_a_mistake(toy, monkeypatch):
    others = toy.units.copy()
    others[40] = (others[40] + 1) % 3
    say(monkeypatch, others)
    check = checks_of(toy)["units"]
    assert check.verdict == "failed" and check.details.startswith(
        f"frame 40 is unit {toy.units[40]}"
    )
    say(monkeypatch, toy.units[:-1])
    assert checks_of(toy)["units"].details == "479 units, wanted 478"


def test_features_of_another_layer_are_a_mistake(toy, monkeypatch):
    golden = golden_units.FEATURES["toy_hubert.pt"]
    monkeypatch.setitem(golden_units.FEATURES, "toy_hubert.pt", replace(golden, layer=3))
    check = checks_of(toy)["features"]
    assert check.verdict == "failed" and "layer 3 differs from the published" in check.details


def test_another_file_of_that_name_is_noticed_and_not_loaded(toy):
    held = (toy.folder / "toy_km.bin").read_bytes()
    (toy.folder / "toy_km.bin").write_bytes(held + b" ")
    check = checks_of(toy)["hash of centres"]
    assert check.verdict == "failed" and file_hash(toy.folder / "toy_km.bin") in check.details
    with pytest.raises(ModelError, match=r"toy_km\.bin: SHA-256 is .* was published"):
        load_units(NAME, toy.folder)


def test_what_is_missing_is_named_with_its_address(toy):
    (toy.folder / "toy_km.bin").unlink()
    done = call("verify", NAME, "--from", toy.folder, code=2)
    assert done.stderr == (
        f"error: {NAME} needs toy_km.bin, not found in {toy.folder}; download "
        "https://example.org/toy_km.bin into it\n"
    )


def test_centres_of_other_channels_are_refused(toy):
    encoder = load_units(NAME, toy.folder).encoder
    wide = cluster.KMeans(4, n_init=1).fit(np.random.default_rng(0).normal(size=(9, 39)))
    path = toy.folder / "wide.bin"
    path.write_bytes(pickle.dumps(wide))
    with pytest.raises(ModelError, match="39 channels but layer 2 of hubert-3x24 has 24; name the"):
        convert_kmeans(path, encoder, LAYER)


MADE = {
    "base": lambda: reference("hubert"),
    "large": lambda: reference("wav2vec2", **LARGE),
    "wavlm": wavlm,
    "w2v-bert": lambda: w2v_bert(**SIZES),
}


@pytest.mark.parametrize("name", MADE)
def test_an_encoder_is_compared_with_transformers(name, tmp_path):
    folder = write_hub(MADE[name](), tmp_path / "x")
    checks = {check.what: check for check in verify(folder, SHORT)}
    assert list(checks) == ["hash", "keys", "frames", "batch equals singles", "reference"]
    assert checks.pop("hash").verdict == "not checked"
    assert {check.verdict for check in checks.values()} == {"ok"}, checks
    assert checks["reference"].details.startswith("transformers: layers 0 to 3 within ")


def test_an_encoder_that_is_read_wrongly_is_noticed(tmp_path, monkeypatch):
    from vocable.units.keys import wav2vec2 as keys

    read = keys.read

    def wrongly(checkpoint, recognised):
        tensors = dict(read(checkpoint, recognised))
        return tensors | {"project.bias": tensors["project.bias"] + 0.1}

    monkeypatch.setattr(keys, "read", wrongly)
    folder = write_hub(reference("hubert"), tmp_path / "x")
    checks = {check.what: check for check in verify(folder, SHORT)}
    assert checks["reference"].verdict == "failed" and "layer 0: differs" in (
        checks["reference"].details
    )


def test_what_was_published_is_as_its_authors_counted_it():
    units = np.array(golden_units.UNITS["hubert-base-l9-km500"].units)
    assert (len(units), np.count_nonzero(np.diff(units)) + 1) == (596, 370)
    assert units[:9].tolist() == [17, 17, 17, 17, 296, 296, 20, 20, 20] and units.max() < 500
    frames = (golden_units.SAMPLE.samples - 400) // 320 + 1
    assert frames == 596
    names = {entry.name for entry in published.ENCODERS}
    assert set(golden_units.FEATURES) <= names
    assert {golden.shape[0] for golden in golden_units.FEATURES.values()} == {frames}
    assert set(golden_units.UNITS) <= {entry.name for entry in published.UNITS}
