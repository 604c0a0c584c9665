"""Law 5, no loss, for arrays: what `save` wrote as .npy, .npz or .safetensors is read whole."""

import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from safetensors.numpy import load_file, save_file

from tests.tokens.strategies import made, tokens
from tests.tokens.test_spec import ENCODEC48, SNAC, SPEECH
from vocable.errors import FormatError, TokenError
from vocable.tokens import AudioTokens, Level, Side, Source, TokenFile, read_tokens, write_tokens
from vocable.tokens.array_files import holds_tokens

ENDINGS = [".npy", ".npz", ".safetensors"]


def speech(frames=60):
    return made(SPEECH, 2, 1, frames, source=Source(frames * SPEECH.frame - 7, SPEECH.rate))


@pytest.mark.parametrize("ending", ENDINGS)
def test_tokens_come_back_with_their_source(tmp_path, ending):
    for name, some in {"whole": speech(), "cut": speech()[3:9], "none": speech()[3:3]}.items():
        path = tmp_path / f"{name}{ending}"
        some.save(path)
        assert read_tokens(path) == some
        assert read_tokens(str(path)).source == some.source


@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
@given(some=tokens())
def test_all_tokens_come_back(tmp_path_factory, ending, some):
    path = tmp_path_factory.mktemp("arrays") / f"a{ending}"
    some.save(path)
    assert read_tokens(path) == some


@pytest.mark.parametrize("ending", ENDINGS)
def test_arrays_that_lie_by_columns_come_back(tmp_path, ending):
    codes = np.asfortranarray(np.arange(12, dtype=np.int32).reshape(2, 6))
    spec = replace(SPEECH, levels=SPEECH.levels[:1], prefixes=(1,))
    some = AudioTokens(spec, (codes,), {})
    some.save(tmp_path / f"a{ending}")
    assert read_tokens(tmp_path / f"a{ending}").stacks[0].tolist() == codes.tolist()


def test_sides_segments_and_durations_come_back(tmp_path):
    timbre = replace(SNAC, sides=(Side("timbre", (3,)),))
    lasting = AudioTokens(SPEECH, ([[1, 2]], [[3, 4]]), durations=[5, 6])
    for some in (made(timbre, 3, 1, 9), made(ENCODEC48, 2, 1, 300), lasting):
        for ending in (".npz", ".safetensors"):
            some.save(tmp_path / f"a{ending}", overwrite=True)
            assert read_tokens(tmp_path / f"a{ending}") == some


@pytest.mark.parametrize("ending", ENDINGS)
def test_arrays_open_as_a_token_file(tmp_path, ending):
    for some in (speech(700), speech()[3:9], speech()[3:3]):
        path = tmp_path / f"a{ending}"
        some.save(path, overwrite=True)
        with TokenFile(path) as file:
            assert file.read() == some and file.source() == some.source
            assert file[1:4] == some[1:4] and file.name == str(path) and file.complete


def test_a_model_is_not_taken_for_tokens(tmp_path):
    save_file({"weight": np.zeros(3)}, tmp_path / "a.safetensors")
    assert not holds_tokens(tmp_path / "a.safetensors")
    (tmp_path / "a.safetensors").write_bytes(b"Dear diary, today")
    assert not holds_tokens(tmp_path / "a.safetensors")
    speech().save(tmp_path / "a.safetensors", overwrite=True)
    assert holds_tokens(tmp_path / "a.safetensors")


def test_numpy_sees_one_array_in_npy(tmp_path):
    some = speech()
    some.save(tmp_path / "a.npy")
    for kind in (None, "r"):
        assert (np.load(tmp_path / "a.npy", mmap_mode=kind) == some.codes).all()
    with open(tmp_path / "a.npy", "rb") as file:
        np.load(file)
        about = json.loads(np.load(file).item())
    assert about == {"source": [38393, 16000, 1], "spec": SPEECH.to_dict()}


@pytest.mark.parametrize("ending", ENDINGS)
def test_equal_tokens_give_equal_bytes_in_every_process(tmp_path, ending):
    speech().save(tmp_path / f"0{ending}")
    code = "import sys; from vocable import read_tokens; read_tokens(sys.argv[1]).save(sys.argv[2])"
    for again in (1, 2):
        paths = [str(tmp_path / f"{name}{ending}") for name in (0, again)]
        subprocess.run([sys.executable, "-c", code, *paths], check=True)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_no_time_of_day_is_in_npz(tmp_path):
    speech().save(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.skipif(sys.platform == "win32", reason="no modes of files on Windows")
@pytest.mark.parametrize("ending", [*ENDINGS, ".vcb"])
def test_files_have_the_mode_that_the_umask_leaves(tmp_path, ending):
    old = os.umask(0o027)
    try:
        speech().save(tmp_path / f"a{ending}")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / f"a{ending}").stat().st_mode) == 0o640


def test_what_was_written_before_the_source_was_kept_has_none(tmp_path):
    some, spec = speech(), json.dumps(SPEECH.to_dict())
    np.savez(tmp_path / "a.npz", spec=np.array(spec), codes=some.codes)
    save_file({"codes": np.array(some.codes)}, tmp_path / "a.safetensors", {"vocable_spec": spec})
    for ending in (".npz", ".safetensors"):
        assert read_tokens(tmp_path / f"a{ending}") == AudioTokens(SPEECH, some.stacks)


def refusal(path, kind=FormatError, **how):
    with pytest.raises(kind) as caught:
        read_tokens(path, **how)
    text = str(caught.value)
    assert "\n" not in text and not text.endswith(".") and str(path) in text
    return text


def test_an_array_without_a_spec(tmp_path):
    np.save(tmp_path / "a.npy", speech().codes)
    assert "one array and no spec; make AudioTokens(spec, levels)" in refusal(tmp_path / "a.npy")


@pytest.mark.parametrize("ending", ENDINGS)
def test_damage_and_other_files_are_refused_in_one_line(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    speech().save(path)
    good, random = path.read_bytes(), np.random.default_rng(0)
    for cut in (0, 1, 5, 64, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:cut])
        refusal(path)
    path.write_bytes(b"Dear diary, today" * 9)
    refusal(path)
    for _ in range(60):
        data = bytearray(good)
        for at in random.integers(0, len(data), 3):
            data[at] = random.integers(256)
        path.write_bytes(data)
        try:
            assert isinstance(read_tokens(path), AudioTokens)
        except FormatError as error:
            assert "\n" not in str(error)


@pytest.mark.usefixtures("untyped")
def test_codes_and_sources_that_do_not_fit_are_refused(tmp_path):
    path, spec = tmp_path / "a.npz", np.array(json.dumps(SPEECH.to_dict()))
    codes = np.array(speech().codes)
    for wrong, reason in (
        ({"codes": codes + 9999}, "holds code"),
        ({"codes": codes[0]}, "must be"),
        ({"codes": codes.astype(float)}, "must be integers"),
        ({"codes": codes, "source": np.array([99, 16000, 1])}, "99 samples at 16000 Hz are 1 fr"),
        ({"codes": codes, "source": np.array([0.5, 16000, 1])}, "source samples must be an int"),
        ({"level_1": codes}, "level_0"),
        ({}, "stacks must be as many"),
    ):
        np.savez(path, spec=spec, **wrong)
        assert reason in refusal(path)


def test_pickles_and_compressed_files_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", spec=np.array([{}], object))
    assert "allow_pickle" in refusal(tmp_path / "a.npz")
    np.savez_compressed(tmp_path / "b.npz", codes=np.zeros((1, 2, 10**7), np.uint8))
    assert "is compressed" in refusal(tmp_path / "b.npz")


def test_a_header_that_claims_more_than_the_file_holds(tmp_path):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": "|u1", "fortran_order": False, "shape": (1, 2, 2**62)}
    )
    (tmp_path / "a.npy").write_bytes(file.getvalue())
    refusal(tmp_path / "a.npy")


def test_what_is_missing_or_a_folder(tmp_path):
    refusal(tmp_path / "a.npz", FileNotFoundError)
    (tmp_path / "b.npy").mkdir()
    refusal(tmp_path / "b.npy", IsADirectoryError)


def test_arrays_have_no_tracks(tmp_path):
    speech().save(tmp_path / "a.npz")
    assert "leave track out" in refusal(tmp_path / "a.npz", TokenError, track="user")


@pytest.mark.parametrize("ending", [".npy", ".npz", ".safetensors"])
def test_arrays_for_trainers(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    some = speech()
    some.save(path)
    loaded = {".npy": lambda: {"codes": np.load(path)}, ".npz": lambda: dict(np.load(path)),
              ".safetensors": lambda: load_file(path)}[ending]()  # fmt: skip
    assert loaded["codes"].dtype == np.int16 and (loaded["codes"] == some.codes).all()
    with pytest.raises(FileExistsError):
        some.save(path)


@pytest.mark.parametrize(
    ("size", "dtype"),
    [(256, np.uint8), (257, np.int16), (1 << 15, np.int16), ((1 << 15) + 1, np.int32)],
)
def test_arrays_are_of_the_narrowest_type_that_holds_the_codes(tmp_path, size, dtype):
    spec = replace(SPEECH, levels=(Level(size),), prefixes=(1,))
    AudioTokens(spec, ([[0, size - 1]],)).save(tmp_path / "a.npy")
    loaded = np.load(tmp_path / "a.npy")
    assert loaded.dtype == dtype and loaded.tolist() == [[[0, size - 1]]]


def test_arrays_of_all_that_tokens_hold(tmp_path):
    spec = replace(SNAC, sides=(Side("timbre", (3,)),))
    some = made(spec, 3, 1, 9)
    some.save(tmp_path / "a.npz")
    loaded = np.load(tmp_path / "a.npz")
    assert sorted(loaded) == ["level_0", "level_1", "level_2", "side_timbre", "spec"]
    assert read_tokens(tmp_path / "a.npz") == some
    assert '"space":"snac@1:0a"' in str(loaded["spec"])
    with pytest.raises(TokenError, match=".npy holds one array, got level_0, level_1"):
        some.save(tmp_path / "a.npy")


def test_no_token_file_has_the_name_of_arrays(tmp_path):
    with pytest.raises(TokenError, match=r"write_tokens writes \.vcb; tokens\.save writes arrays"):
        write_tokens(tmp_path / "a.npz", speech())
