"""`vocable info` and `vocable models`, without torch."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vocable
from tests.cli.calls import call, results
from tests.cli.small import RATE, write_tone
from tests.load.toy_encoder import write_cpc
from vocable.load import save_model
from vocable.testing.tiny_codecs import TINY, TinyConfig
from vocable.tokens import TokenWriter, Track, fits


@pytest.fixture
def tokens(here: Path, small: Path) -> "vocable.AudioTokens":
    """speech.vcb of 1 s in stereo, and its tokens."""
    write_tone(here / "speech.wav", channels=2)
    call("encode", "speech.wav", "--levels", 3, "--codec", small)
    return vocable.read_tokens("speech.vcb")


def test_a_token_file(tokens: "vocable.AudioTokens") -> None:
    printed = call("info", "speech.vcb").stdout
    for words in (
        "1.00 s, 16000 samples at 16000 Hz, 2 channels",
        "25 frames × 3 levels, 2 streams",
        "25 frames/s, 640 samples at 16000 Hz",
        "3 of 4, codebooks of 32",
        "level 0 is prosody",
        "bit rate, nominal  0.75 kbps",
        tokens.spec.space,
    ):
        assert words in printed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("three-rates", ["strides       4, 2, 1 frames a token", "8000 Hz, 1 channel a stream"]),
        ("segments", ["segments      0.02 s, one every 0.017 s", "sides         scale, per segment",
                      "8000 Hz, 2 channels a stream"]),
        ("item", ["sides         peak, per item"]),
    ],
)  # fmt: skip
def test_what_a_model_has_beside_levels(here: Path, name: str, words: list[str]) -> None:
    save_model(TINY[name](TinyConfig()), "model")
    printed = call("info", "model").stdout
    assert [text for text in words if text not in printed] == [], printed


def test_a_copy_of_a_model_shows_the_licence_of_its_weights(here: Path) -> None:
    save_model(vocable.load("speech-16k"), "mine", name="mine")
    assert "licence       Apache-2.0" in call("info", "mine").stdout
    (facts,) = results("info", "mine")
    assert facts["licence"] == "Apache-2.0"


def test_context_per_layout(tokens: "vocable.AudioTokens") -> None:
    (facts,) = results("info", "speech.vcb", "--context", 4096)
    wanted = fits(tokens.spec, 4096, 3)
    assert [fit["layout"] for fit in facts["context"]] == [fit.layout for fit in wanted]
    flat = facts["context"][0]
    assert flat == {
        "layout": "flatten",
        "positions_per_second": 75.0,
        "depth_steps_per_second": 0.0,
        "seconds": 1365 / 25,
    }
    printed = call("info", "speech.vcb", "--context", 4096).stdout
    assert "fits 4096" in printed and "flatten" in printed and "coarse_first" in printed


def test_stdin_and_recordings(here: Path, tokens: "vocable.AudioTokens") -> None:
    (piped,) = [call("info", "-", "--json", stdin=Path("speech.vcb").read_bytes())]
    assert '"frames": 25' in piped.stdout
    piped = call("info", "-", "--json", stdin=Path("speech.wav").read_bytes())
    assert '"kind": "recording"' in piped.stdout
    (facts,) = results("info", "speech.wav")
    assert facts["kind"] == "recording" and facts["samples"] == RATE and facts["channels"] == 2


def test_tracks_and_streams_without_an_end(here: Path, tokens: "vocable.AudioTokens") -> None:
    track = Track.of(tokens)
    with open("two.vcb", "wb") as file:
        writer = TokenWriter(file, {"left": track, "right": track})
        writer.write(tokens, "left")
        writer.write(tokens, "right")
        writer.finish()
    assert [facts["track"] for facts in results("info", "two.vcb")] == ["left", "right"]
    whole = Path("speech.vcb").read_bytes()
    Path("cut.vcb").write_bytes(whole[:-1])
    done = call("info", "cut.vcb")
    assert "warning: " in done.stderr and "missing: the stream broke off" in done.stdout


def test_a_model(small: Path) -> None:
    printed = call("info", small, "--context", 100).stdout
    assert "architecture  speech" in printed and "0.50 kbps" in printed and "fits 100" in printed
    (facts,) = results("info", small / "model.safetensors")
    assert facts["kind"] == "model" and facts["bits_per_second"] == 500.0


def test_the_models_of_the_package() -> None:
    for facts in results("models"):
        if "space" in facts:
            (about,) = results("info", facts["name"])
            codec = about.get("abilities", {}).get("codec")  # a model of tokens says whose
            assert facts["space"] == about.get("space") or facts["space"].startswith(f"{codec}@")


def test_models_shows_rates(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import vocable.load  # noqa: F401

    package = small.parent / "package"
    shutil.copytree(small, package / "speech" / "1")
    monkeypatch.setattr(sys.modules["vocable.load.bundled"], "BUNDLED", package)
    rows = [line.split() for line in call("models").stdout.splitlines()]
    assert rows[1] == ["speech", "16000", "Hz", "25", "0.50", "here"]


def test_a_name_of_nothing_is_refused(here: Path) -> None:
    done = call("info", "nothing-here", code=2)
    assert 'no model named "nothing-here"' in done.stderr and done.stderr.count("\n") == 1
    (here / "folder").mkdir()
    assert "is not a model" in call("info", "folder", code=2).stderr


@pytest.mark.parametrize("what", ["talks/nope.wav", "nope.vcb", "a.npy", "NOPE.FLAC", "talks/nope"])
def test_a_missing_file_is_not_taken_for_a_model(here: Path, what: str) -> None:
    (here / "talks").mkdir()
    assert call("info", what, code=2).stderr == f"error: no such file: {what}\n"


def test_no_torch(tokens: "vocable.AudioTokens", small: Path) -> None:
    code = (
        "import sys\nfrom vocable.cli.group import commands\n"
        "for what in sys.argv[1:]:\n"
        "  more = [] if what.endswith('.wav') else ['--context', '99']\n"
        "  try: commands.main(['info', what, *more])\n"
        "  except SystemExit as end: assert end.code == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    line = [sys.executable, "-c", code, "speech.vcb", "speech.wav", str(small)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_context_of_a_recording_is_refused(here: Path, speech: Path) -> None:
    done = call("info", "speech.wav", "--context", 4096, code=2)
    assert done.stderr == (
        "error: --context: speech.wav is a recording; how much fits depends on the codec: "
        "vocable info speech-16k --context 4096\n"
    )


def test_a_bundled_name_wins_over_a_file(here: Path, speech: Path) -> None:
    speech.rename("speech-16k")
    assert call("info", "speech-16k").stdout.startswith("speech-16k  (")
    assert "recording" in call("info", "./speech-16k").stdout


@pytest.mark.parametrize("ending", ["th", "safetensors", "anything"])
def test_a_checkpoint_that_is_described(
    ending: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import save_file

    from tests.load.toys import toy_tensors
    from vocable.codecs import keys

    monkeypatch.setenv("VOCABLE_CACHE", str(here / "cache"))
    monkeypatch.setitem(keys.FAMILIES, "Toy", "tests.load.toy_layout")
    save = save_file if ending == "safetensors" else torch.save
    save(toy_tensors(), here / f"x.{ending}")
    (facts,) = results("info", f"x.{ending}")
    assert facts["kind"] == "model" and facts["name"] == "toy-8khz"
    (here / f"x.{ending}").write_bytes(b"")
    done = call("info", f"x.{ending}", code=1 if ending == "anything" else 2)
    assert f"x.{ending} is empty" in done.stderr and done.stderr.count("\n") == 1


def test_an_encoder_of_others(tmp_path):
    path = write_cpc(tmp_path / "toy")
    (facts,) = results("info", path)
    assert (facts["kind"], facts["name"], facts["layers"]) == ("encoder", "cpc-1x8", 1)
    assert call("info", path).stdout.splitlines() == [
        f"cpc-1x8  ({path})",
        "encoder  of features, CPC_audio layout",
        "frames   100/s of 16000 Hz, 159 samples each",
        "layers   1 to 1, of 8 channels",
        "input    as it is",
    ]
    done = call("info", path, "--context", 100, code=2)
    assert "does not say what its tokens are" in done.stderr


def test_published_units_without_their_files():
    (facts,) = results("info", "hubert-base-l9-km500")
    assert (facts["kind"], facts["layer"], facts["size"]) == ("units", 9, 500)
    assert [each["file"] for each in facts["files"]] == [
        "hubert_base_ls960.pt",
        "hubert_base_ls960_L9_km500.bin",
    ]
    lines = call("info", "hubert-base-l9-km500").stdout.splitlines()
    assert lines[1] == "units     500, of layer 9 of hubert_base_ls960.pt"
    assert lines[-2:] == [
        "licence   MIT ?; of the encoder MIT ?",
        "to check  vocable verify hubert-base-l9-km500 --from FOLDER, with these files in it",
    ]
    done = call("info", "hubert-base-l9-km50", code=2)
    assert 'nearest: "hubert-base-l9-km500"' in done.stderr and done.stderr.count("\n") == 1
