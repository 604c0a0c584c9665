"""`vocable units`: fit, convert, evaluate, and what is refused before any work."""

import json
import pickle

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from tests.units.sounds import RATE
from vocable.cli.group import commands
from vocable.codecs import build
from vocable.load import save_model
from vocable.testing.codec_examples import filled
from vocable.units.centres import read_centres
from vocable.units.streaming import StreamingUnits, StreamingUnitsConfig

TONES = {"a": 300, "e": 700, "i": 1500}  # Hz


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three speakers, who differ in loudness, say three phones, three times each."""
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for speaker, loudness in (("p", 0.05), ("q", 0.2), ("r", 0.6)):
        for take in range(3):
            phones = np.random.default_rng(take).permutation(list("aeiaei"))
            time = np.arange(RATE // 10) / RATE
            tones = [np.sin(2 * np.pi * TONES[phone] * time) for phone in phones]
            noise = np.random.default_rng(take + 10).normal(size=6 * len(time))
            name = f"{speaker}{take}.wav"
            soundfile.write(folder / name, loudness * np.concatenate(tones) + 1e-3 * noise, RATE)
            spans = [[0.1 * k, 0.1 * (k + 1), str(phone)] for k, phone in enumerate(phones)]
            rows.append({"path": name, "speaker": speaker, "phones": spans})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "manifest.jsonl"


def run(*arguments):
    return CliRunner().invoke(commands, ["units", *map(str, arguments)])


def results(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_centres_are_fitted_and_judged_beside_baselines(data, tmp_path):
    centres = tmp_path / "mfcc.safetensors"
    done = run("fit", "--encoder", "mfcc", "--k", 8, "--data", data, "-o", centres, "--json")
    assert done.exit_code == 0, done.output
    (facts,) = results(done)
    assert facts["space"] == read_centres(centres).space and facts["recordings"] == 9
    done = run("evaluate", centres, "--data", data, "--fit", data, "--no-probe", "--json")
    assert done.exit_code == 0, done.output
    rows = results(done)
    assert [row["units"] for row in rows] == ["mfcc.safetensors", "mfcc", "log-mel"]
    assert all(row["k"] == 8 and row["pnmi"] > 0.3 > row["pnmi_by_chance"] for row in rows)
    assert set(rows[0]["abx_of_units"]) == set(rows[0]["abx_of_features"])
    assert {key.split()[0] for key in rows[0]["abx_of_units"]} == {"whole", "libri-light"}
    assert rows[1]["pnmi_to_mfcc"] == 1 and rows[1]["pnmi_to_mfcc_interval"] == [1, 1]
    assert rows[0]["pnmi_of_all"] == rows[0]["pnmi"]


def test_a_table_has_a_row_for_each_figure_that_there_is(data, tmp_path):
    centres = tmp_path / "mfcc.safetensors"
    assert run("fit", "--encoder", "mfcc", "--k", 8, "--data", data, "-o", centres).exit_code == 0
    done = run("evaluate", centres, "--data", data, "--no-probe", "--without", "i")
    lines = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert lines[:3] == ["units", "k", "PNMI"] and "PNMI of all labels" in lines
    assert "ABX whole within" in lines and "ABX features libri-light across" in lines
    missing = {"PNMI / that of mfcc", "ABX whole triphone within", "speakers told"}
    assert not missing & set(lines)
    done = run("evaluate", centres, "--data", data, "--no-probe", "--sayings", 0)
    assert "ABX" not in done.stdout and "runs a second" in done.stdout


def test_level_0_of_a_codec_is_judged_beside_its_random_weights(data, tmp_path):
    sizes = {"rate": 16_000, "filters": 2, "strides": [4, 4, 5, 8], "dilations": [1], "latent": 8}
    codec = filled(build("soundstream", sizes | {"sizes": [16, 16], "semantic": 1}))
    save_model(codec, tmp_path / "codec", name="taught")
    done = run(
        "evaluate", tmp_path / "codec", "--data", data, "--fit", data, "--no-probe", "--json"
    )
    assert done.exit_code == 0, done.output
    rows = results(done)
    assert rows[0]["k"] == 16 and round(rows[0]["units_per_second"], 6) == 25
    assert rows[0]["pnmi"] > rows[0]["pnmi_by_chance"] and "whole within" in rows[0]["abx_of_units"]
    assert rows[-1]["units"].endswith(", random weights")


def test_layers_of_a_tokenizer_are_fitted_and_judged_beside_random_weights(data, tmp_path):
    shape = StreamingUnitsConfig(bands=40, channels=32, layers=2, context=20, units=8)
    save_model(StreamingUnits(shape), tmp_path / "run", name="tiny", version="1")
    centres, model = tmp_path / "c.safetensors", str(tmp_path / "run")
    few = data.with_name("few.jsonl")
    few.write_text("\n".join(data.read_text().splitlines()[::3]))
    done = run("fit", "--encoder", model, "--layer", 1, "--k", 8, "--data", data, "-o", centres)
    assert done.exit_code == 0, done.output
    arguments = ("--encoder", model, "--data", few, "--fit", few, "--no-probe", "--json")
    done = run("evaluate", centres, model, *arguments, "--sayings", 1)
    assert done.exit_code == 0, done.output
    rows = results(done)
    random = ["c.safetensors, random weights", f"{model}, random weights"]
    names = [row["units"] for row in rows]
    assert names == ["c.safetensors", model, "mfcc", "log-mel", *random]
    assert all("whole across" in row["abx_of_features"] for row in rows)


def test_silence_of_timit_counts_in_one_figure_only(data, tmp_path):
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    for row in rows:
        row["path"] = str(data.parent / row["path"])
        named = {"a": "aa", "e": "eh", "i": "h#"}
        row["phones"] = [[start, end, named[label]] for start, end, label in row["phones"]]
    spoken = tmp_path / "timit.jsonl"
    spoken.write_text("\n".join(map(json.dumps, rows)))
    centres = tmp_path / "c.safetensors"
    assert run("fit", "--encoder", "mfcc", "--k", 8, "--data", data, "-o", centres).exit_code == 0
    common = ("--no-probe", "--sayings", 0, "--json")
    (folded,) = results(run("evaluate", centres, "--data", spoken, "--timit", *common))
    (every,) = results(run("evaluate", centres, "--data", data, *common))
    assert folded["frames"] < every["frames"]
    assert folded["pnmi_of_all"] == pytest.approx(every["pnmi"])
    assert folded["pnmi"] != pytest.approx(every["pnmi"], abs=1e-3)


def test_centres_do_not_replace_a_file_unasked(data, tmp_path):
    target = tmp_path / "c.safetensors"
    target.write_text("mine")
    done = run("fit", "--encoder", "mfcc", "--k", 4, "--data", data, "-o", target)
    assert done.exit_code == 2 and target.read_text() == "mine"
    done = run("fit", "--encoder", "mfcc", "--k", 4, "--data", data, "-o", target, "--force")
    assert done.exit_code == 0 and read_centres(target).sizes == (4,)


def test_blocks_are_clustered_one_by_one(data, tmp_path):
    target = tmp_path / "c.safetensors"
    arguments = ("fit", "--encoder", "mfcc", "--k", 4, "--data", data, "-o", target)
    assert run(*arguments, "--blocks", "13,13,13").exit_code == 0
    assert read_centres(target).sizes == (4, 4, 4)
    done = run(*arguments, "--blocks", "a,b", "--force")
    assert done.exit_code == 2 and "wanted numbers of channels, as 13,13,13" in done.output


def test_levels_of_several_rates_have_centres_each(data, tmp_path):
    target = tmp_path / "c.safetensors"
    arguments = ("fit", "--encoder", "mfcc", "--k", 4, "--data", data, "-o", target)
    assert run(*arguments, "--strides", "4,2,1").exit_code == 0
    assert read_centres(target).strides == (4, 2, 1) and read_centres(target).sizes == (4, 4, 4)
    done = run(*arguments, "--strides", "4-2", "--force")
    assert done.exit_code == 2 and "--strides: wanted numbers of frames, as 4,2,1" in done.output
    done = run(*arguments, "--strides", "1,2", "--force")
    assert done.exit_code != 0 and "strides must descend to 1" in done.output
    done = run("evaluate", target, "--data", data, "--no-probe", "--json")
    assert done.exit_code == 0, done.output
    (row,) = results(done)
    assert row["k"] == 4 and row["abx_of_features"]


def test_published_centres_are_converted(tmp_path):
    peers = pytest.importorskip("sklearn.cluster")
    rows = np.random.default_rng(0).normal(size=(60, 39))
    model = peers.KMeans(5, n_init=1).fit(rows)
    (tmp_path / "km.bin").write_bytes(pickle.dumps(model))
    target = tmp_path / "km.safetensors"
    done = run("convert", tmp_path / "km.bin", "--encoder", "mfcc", "-o", target)
    assert done.exit_code == 0, done.output
    made = read_centres(target)
    assert np.array_equal(made.blocks[0].numpy(), model.cluster_centers_.astype(np.float32))
    assert made.origin.encoder.startswith("mfcc@1:") and made.origin.layer == 0
    done = run("convert", tmp_path / "km.bin", "--encoder", "log-mel", "-o", target, "--force")
    assert done.exit_code == 2
    assert "has centres of 39 channels but layer 0 of log-mel has 80" in done.output


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (
            ["--encoder", "mfcc", "--layer", 3, "--k", 4],
            "error: layer is 3 but mfcc has layer 0 only",
        ),
        (["--encoder", "speech-16k", "--k", 4], "speech-16k gives tokens, not features"),
        (["--encoder", "mfcc", "--k", 4000], "4000 centres need as many frames or more, got"),
    ],
    ids=["layer", "codec", "too many"],
)
def test_what_cannot_be_fitted_is_refused_in_one_line(data, tmp_path, arguments, wanted):
    target = tmp_path / "c.safetensors"
    done = run("fit", *arguments, "--data", data, "-o", target)
    assert done.exit_code == 2 and wanted in done.output, done.output
    assert not target.exists()
