"""Centres come out of scikit-learn's files as they are inside, and nothing else gets in."""

import gzip
import io
import os
import pickle
import pickletools
import zlib

import numpy as np
import pytest

from vocable.errors import ModelError
from vocable.units.kmeans_files import read_kmeans

joblib = pytest.importorskip("joblib")
peers = pytest.importorskip("sklearn.cluster")

ROWS = np.random.RandomState(0).normal(size=(80, 6))


def fitted(kind="KMeans", dtype=np.float32, random_state=0):
    return getattr(peers, kind)(5, n_init=1, random_state=random_state).fit(ROWS.astype(dtype))


def check(path, model):
    found = read_kmeans(path)
    assert found.dtype == np.float32 and found.flags.c_contiguous
    assert np.array_equal(found, model.cluster_centers_.astype(np.float32))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["KMeans", "MiniBatchKMeans"])
def test_pickles_give_their_centres(tmp_path, kind, dtype, protocol):
    model = fitted(kind, dtype)
    path = tmp_path / "km.pkl"
    path.write_bytes(pickle.dumps(model, protocol=protocol))
    check(path, model)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("compress", [0, ("zlib", 3)], ids=["plain", "zlib"])
@pytest.mark.parametrize("kind", ["KMeans", "MiniBatchKMeans"])
def test_joblib_files_give_their_centres(tmp_path, kind, compress, protocol):
    model = fitted(kind, random_state=np.random.RandomState(7))  # its state is pickled, too
    path = tmp_path / "km.bin"
    joblib.dump(model, path, compress=compress, protocol=protocol)
    check(path, model)


@pytest.mark.parametrize("write", [joblib.dump, lambda m, p: p.write_bytes(pickle.dumps(m))])
@pytest.mark.parametrize("change", [np.asfortranarray, lambda x: x.astype(">f4")])
def test_arrays_by_columns_and_of_the_other_byte_order_are_read(tmp_path, write, change):
    model = fitted()
    expected = model.cluster_centers_.copy()
    model.cluster_centers_ = change(model.cluster_centers_)
    write(model, tmp_path / "km.bin")
    assert np.array_equal(read_kmeans(tmp_path / "km.bin"), expected)


def test_names_of_older_versions_are_known(tmp_path):
    """scikit-learn before 0.22 and numpy before 2 called their modules otherwise."""
    model = fitted()
    written = pickle.dumps(model, protocol=2)
    for new, old in (
        (b"csklearn.cluster._kmeans\n", b"csklearn.cluster.k_means_\n"),
        (b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"),
    ):
        assert new in written
        written = written.replace(new, old)
    (tmp_path / "km.pkl").write_bytes(written)
    check(tmp_path / "km.pkl", model)


class Foreign:
    """Makes a file under the name it is given, if it is ever unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("write", ["pickle", "joblib"])
def test_what_a_file_asks_to_be_run_is_refused_and_not_run(tmp_path, write, protocol):
    made = str(tmp_path / "made")
    model = fitted()
    model.verbose = Foreign(made)
    path = tmp_path / "km.bin"
    if write == "joblib":
        joblib.dump(model, path, protocol=protocol)
    else:
        path.write_bytes(pickle.dumps(model, protocol=protocol))
    wanted = rf"{path} asks for (posix|nt)\.mkdir to be run, which vocable never does"
    with pytest.raises(ModelError, match=wanted):
        read_kmeans(path)
    assert not os.path.exists(made)


def test_known_names_are_not_run_either(tmp_path):
    """An array of 2**40 numbers that numpy would make is only ever a note."""
    written = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n\x8a\x06" + (
        b"\0\0\0\0\0\x01\x85U\x01b\x87R."
    )
    assert [step.name for step, _, _ in pickletools.genops(written)][-1] == "STOP"
    (tmp_path / "km.pkl").write_bytes(written)
    with pytest.raises(ModelError, match="holds no fitted k-means"):
        read_kmeans(tmp_path / "km.pkl")


@pytest.mark.parametrize("write", ["pickle", "joblib", "zlib"])
def test_files_that_end_early_are_refused(tmp_path, write):
    buffer = io.BytesIO()
    if write == "pickle":
        pickle.dump(fitted(), buffer)
    else:
        joblib.dump(fitted(), buffer, compress=("zlib", 3) if write == "zlib" else 0)
    whole = buffer.getvalue()
    path = tmp_path / "km.bin"
    for length in (*range(0, len(whole), 37), len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError, match="is damaged|holds no fitted") as found:
            read_kmeans(path)
        assert "\n" not in str(found.value)


def test_damaged_files_are_refused_or_read(tmp_path):
    """One byte is another one: never anything but the centres or a ModelError."""
    whole = pickle.dumps(fitted(), protocol=4)
    path = tmp_path / "km.pkl"
    refused = 0
    for place in range(0, len(whole), 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert read_kmeans(path).ndim == 2
        except ModelError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > len(whole) / 20


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (pickle.dumps([1, 2, {"a": (3, None)}]), "holds no fitted k-means of scikit-learn"),
        (pickle.dumps({1, 2}), "has a step EMPTY_SET, which no file of k-means needs"),
        (gzip.compress(b"x"), "is compressed by gzip; write it again uncompressed"),
        (b"PK\3\4", "is a zip, such as torch.save writes"),
        (b"x\x9c" + b"no stream", "is damaged"),
        (b"", "is damaged"),
    ],
    ids=["plain values", "a set", "gzip", "zip", "not zlib", "empty"],
)
def test_other_files_are_refused_in_one_line(tmp_path, data, wanted):
    path = tmp_path / "km.bin"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=wanted):
        read_kmeans(path)


def test_what_swells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("vocable.units.kmeans_files.LARGEST", 1 << 20)
    path = tmp_path / "km.bin"
    path.write_bytes(zlib.compress(bytes(2 << 20)))
    with pytest.raises(ModelError, match="becomes more than 1 MiB"):
        read_kmeans(path)


@pytest.mark.parametrize(
    ("centres", "wanted"),
    [
        (np.arange(6).reshape(2, 3), "wanted \\[centres, channels\\] of floats"),
        (np.zeros(4, np.float32), "centres of shape \\(4,\\)"),
        (np.full((2, 3), np.nan, np.float32), "NaN or infinite"),
        (np.array([["a"]]), "an array of U1, which are not numbers"),
        ("text", "not an array of numbers"),
    ],
    ids=["integers", "one axis", "NaN", "text", "no array"],
)
def test_centres_that_are_none_are_refused(tmp_path, centres, wanted):
    model = fitted()
    model.cluster_centers_ = centres
    path = tmp_path / "km.bin"
    joblib.dump(model, path)
    with pytest.raises(ModelError, match=wanted):
        read_kmeans(path)


def test_a_model_that_was_never_fitted_is_refused(tmp_path):
    joblib.dump(peers.KMeans(3), tmp_path / "km.bin")
    with pytest.raises(ModelError, match="holds no fitted k-means"):
        read_kmeans(tmp_path / "km.bin")
