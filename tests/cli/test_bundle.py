"""`vocable encode --codec A+B` and streams of it: two kinds of tokens in one file, and to sound."""

from pathlib import Path

import numpy as np
import pytest

import vocable
from tests.cli.calls import call, results
from tests.cli.small import RATE, tone
from tests.units.test_long import streaming_units, units_of
from vocable.load import save_model
from vocable.tokens import read_tokens
from vocable.tokens.tracks import read_tracks
from vocable.units import SignalEncoder, UnitTokenizer, read_centres


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small model of units."""
    folder = tmp_path_factory.mktemp("units") / "small-units"
    save_model(streaming_units(), folder, name="small-units")
    return folder


def test_both_kinds_come_into_one_file_and_back(speech: Path, units: Path, small: Path) -> None:
    (facts,) = results("encode", speech.name, "--codec", f"{units}+{small}")
    assert list(facts["tracks"]) == ["semantic", "acoustic"]
    assert facts["tracks"]["semantic"]["frames_per_second"] == 50
    tracks = read_tracks("speech.vcb")
    assert tracks["semantic"] == vocable.load(units).encode(speech)
    assert tracks["acoustic"] == vocable.load(small).encode(speech)
    assert "track semantic" in call("info", "speech.vcb").output

    call("decode", "speech.vcb", "-o", "again.wav", "--codec", small)
    wanted = vocable.load(small).decode(tracks["acoustic"])
    again = vocable.Audio.read("again.wav")
    assert np.abs(again.samples - np.clip(wanted.samples, -1, 1)).max() < 1e-4


def test_units_alone_are_encoded_and_not_decoded(speech: Path, units: Path) -> None:
    call("encode", speech.name, "--codec", units)
    done = call("decode", "speech.vcb", "-o", "again.wav", "--codec", units, code=2)
    assert "encodes and does not decode" in done.output


def test_levels_are_of_one_codec(speech: Path, units: Path, small: Path) -> None:
    done = call("encode", speech.name, "--codec", f"{units}+{small}", "--levels", "1", code=2)
    assert "--levels and --kbps are of one codec" in done.output
    assert "nothing" in call("encode", speech.name, "--codec", f"{units}+nothing", code=2).output


@pytest.fixture(scope="module")
def centres(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of centres of MFCC."""
    path = tmp_path_factory.mktemp("centres") / "mfcc.safetensors"
    units_of(SignalEncoder("mfcc")).centres.save(path)
    return path


def test_centres_encode_alone_and_beside_a_codec(speech: Path, centres: Path, small: Path) -> None:
    wanted = UnitTokenizer(SignalEncoder("mfcc"), read_centres(centres)).encode(speech)
    assert vocable.load(centres).encode(speech) == wanted
    call("encode", speech.name, "--codec", centres)
    assert read_tokens("speech.vcb") == wanted
    call("encode", speech.name, "--codec", centres, "-o", "units.npz")
    assert read_tokens("units.npz").codes.tolist() == wanted.codes.tolist()
    (facts,) = results("encode", speech.name, "--codec", f"{centres}+{small}", "--force")
    assert facts["tracks"]["semantic"]["frames_per_second"] == 100
    assert read_tracks("speech.vcb")["semantic"] == wanted
    call("decode", "speech.vcb", "-o", "again.wav", "--codec", small)
    assert len(vocable.Audio.read("again.wav")) == wanted.source.samples
    done = call("encode", speech.name, "--codec", centres, "--levels", "1", "--force", code=2)
    assert "bundles and units have all levels" in done.output


def test_centres_find_their_encoder_beside_them(speech: Path) -> None:
    """And not another one: its weights say which it is."""
    transformers = pytest.importorskip("transformers")
    from tests.parity.encoders import random_weights, write_hub

    sizes = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
                 conv_dim=(4,) * 7, num_conv_pos_embeddings=16,
                 num_conv_pos_embedding_groups=4)  # fmt: skip
    for seed, name in enumerate(("own", "other")):
        model = transformers.HubertModel(transformers.HubertConfig(**sizes))
        write_hub(random_weights(model, seed), Path(name))
    units = units_of(vocable.load(Path("own")))
    units.centres.save("own/k7.safetensors")
    units.centres.save("other/k7.safetensors")
    call("encode", speech.name, "--codec", "own/k7.safetensors")
    assert read_tokens("speech.vcb") == units.encode(speech)
    assert vocable.load(Path("own")).space == units.encoder.space, "the folder is still the encoder"
    done = call("encode", speech.name, "--codec", "other/k7.safetensors", "--force", code=2)
    (line,) = done.output.splitlines()
    assert "has centres of layer 1 of hubert" in line and "put them beside its weights" in line
    assert read_tokens("speech.vcb") == units.encode(speech)


def samples_of(seconds: float) -> bytes:
    return np.round(tone(seconds) * 2**15).astype("<i2").tobytes()


def test_both_kinds_are_streamed(here: Path, units: Path, small: Path) -> None:
    """Each track as it settles; the stream is a file of both, of which the codec's is heard."""
    sent = samples_of(1.3)
    done = call("stream", "encode", "--codec", f"{units}+{small}", stdin=sent)
    Path("x.vcb").write_bytes(done.stdout_bytes)
    samples = np.frombuffer(sent, "<i2")
    wanted = vocable.load(f"{units}+{small}").encode(samples, rate=RATE)
    assert read_tracks("x.vcb") == wanted
    back = call("stream", "decode", "--codec", small, stdin=done.stdout_bytes)
    whole = vocable.load(small).decode(wanted["acoustic"]).samples[0]
    heard = np.frombuffer(back.stdout_bytes, "<i2") / 2**15
    assert len(heard) == len(samples) and np.abs(heard - np.clip(whole, -1, 1)).max() < 1e-3
    call("decode", "-", "-o", "x.wav", "--codec", small, stdin=done.stdout_bytes)
    assert len(vocable.Audio.read("x.wav")) == len(samples)


def test_units_alone_are_streamed_and_not_heard(here: Path, units: Path) -> None:
    done = call("stream", "encode", "--codec", units, stdin=samples_of(0.5))
    Path("x.vcb").write_bytes(done.stdout_bytes)
    samples = np.frombuffer(samples_of(0.5), "<i2")
    assert read_tokens("x.vcb") == vocable.load(units).encode(samples, rate=RATE)


def test_what_cannot_be_streamed_is_refused(units: Path, small: Path, centres: Path) -> None:
    sent = samples_of(0.2)
    done = call("stream", "encode", "--codec", centres, stdin=sent, code=2)
    assert "mfcc takes whole recordings; use encode" in done.output
    done = call("stream", "encode", "--codec", f"{centres}+{small}", stdin=sent, code=2)
    assert "mfcc takes whole recordings" in done.output
    both = call("stream", "encode", "--codec", f"{small}+{units}+{units}", stdin=sent, code=2)
    assert "two tokenizers are named small-units" in both.output
    pair = ("stream", "encode", "--codec", f"{units}+{small}")
    done = call(*pair, "--levels", 2, stdin=sent, code=2)
    assert "--levels and --kbps are of one codec" in done.output
    both = call(*pair, stdin=sent).stdout_bytes
    done = call("stream", "decode", "--codec", "speech-16k", stdin=both, code=1)
    assert "stdin holds the tracks 'semantic', 'acoustic', of which 0 can be heard" in done.output
    done = call(*pair, code=1)
    assert "stdin has no samples" in done.output
