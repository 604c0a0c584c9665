"""The card of every model that ships says what its weights, its own table and RESULTS say."""

import re
from pathlib import Path

import pytest
from safetensors import safe_open

import vocable
from benchmarks.flops import count
from vocable.codecs import Codec
from vocable.load import continuing, describe, models, parting, sayers, vocoding

ROOT = Path(__file__).parents[2]
RESULTS = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


MODELS = [model.name for model in models() if "training" in model.facts]  # dmel-16k has none
CODECS = [name for name in MODELS if isinstance(vocable.load(name), Codec)]
each_codec = pytest.mark.parametrize("name", CODECS, scope="module")
each_tokenizer = pytest.mark.parametrize(
    "name", [name for name in MODELS if name not in CODECS], scope="module"
)


SAYERS = [model.name for model in sayers()]
each_sayer = pytest.mark.parametrize("name", SAYERS, scope="module")
CONTINUING = [model.name for model in continuing()]
each_continuing = pytest.mark.parametrize("name", CONTINUING, scope="module")
VOCODING = [model.name for model in vocoding()]
each_vocoding = pytest.mark.parametrize("name", VOCODING, scope="module")
PARTING = [model.name for model in parting()]
each_parting = pytest.mark.parametrize("name", PARTING, scope="module")


@pytest.fixture(scope="module", params=[*MODELS, *SAYERS, *CONTINUING, *VOCODING, *PARTING])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def codec(name):
    return vocable.load(name)


@pytest.fixture(scope="module")
def card(name):
    return describe(name).card


def fact(card: str, key: str) -> str:
    """Return the value of a row of the card's first table."""
    (value,) = re.findall(rf"^\| {key} \| (.*) \|$", card, re.M)
    return value


def stored_kinds(name: str) -> set[str]:
    """Return the dtypes in the file of a model's weights, as safetensors calls them."""
    with safe_open(describe(name).folder / "model.safetensors", "pt") as file:
        return {file.get_slice(key).get_dtype() for key in file.keys()}  # noqa: SIM118


@each_codec
def test_rate_frame_and_latency(codec, card):
    seconds = codec.frame / codec.rate, float(codec.latency.steady)
    milliseconds = [f"{1000 * each:g} ms" for each in seconds]
    rate = f"{codec.rate:,}".replace(",", " ")
    wanted = f"{rate} Hz, {codec.frame} samples ({milliseconds[0]}), {milliseconds[1]} ("
    assert fact(card, "rate, frame, latency").startswith(wanted)
    assert f"{milliseconds[1]} of latency" in README


@each_codec
def test_levels_and_bit_rates(codec, card):
    spec = codec.spec
    low, high = (round(spec.bitrate(spec.prefixes[i])) for i in (0, -1))
    assert fact(card, "prefixes") == (
        f"{spec.prefixes[0]} to {spec.prefixes[-1]} levels: {low} to {high} bits/s"
    )
    frames = f"{codec.rate // 1000} kHz mono to {spec.frame_rate} frames/s"
    assert f"{frames} of {len(spec.levels)} tokens ({high} bits/s)" in card


@each_codec
def test_arithmetic(codec, card):
    encode, decode = (total / 1e9 for total, _ in count(codec))
    assert fact(card, "arithmetic").startswith(
        f"{encode:.3f} GFLOP a second of audio to encode, {decode:.3f} to decode"
    )
    for direction, flops in (("encode", encode), ("decode", decode)):
        assert f"\n| {direction} | {flops:.3f} | " in RESULTS


@each_codec
def test_size(name, codec, card):
    parameters = sum(p.numel() for p in codec.model.parameters()) / 1e6
    megabytes = (describe(name).folder / "model.safetensors").stat().st_size / 1e6
    size = re.escape(f"{megabytes:.1f} MB")
    parts = rf"{parameters:.1f} M parameters and \d+ codebooks, {size} in half precision"
    assert re.fullmatch(parts, fact(card, "size"))
    assert re.search(rf"(carries|in) {size}", README)


@each_tokenizer
def test_rate_units_and_size(name, codec, card):
    spec, parameters = codec.spec, sum(p.numel() for p in codec.model.parameters()) / 1e6
    rate, milliseconds = f"{spec.rate:,}".replace(",", " "), 1000 * spec.frame / spec.rate
    assert fact(card, "rate, frame") == (
        f"{rate} Hz, {spec.frame} samples ({milliseconds:g} ms), each made of {spec.window}"
    )
    assert f"{spec.rate // 1000} kHz mono to {spec.frame_rate} units/s out of" in card
    assert f"{spec.levels[0].size} ({round(spec.bitrate())} bits/s)" in card
    megabytes = (describe(name).folder / "model.safetensors").stat().st_size / 1e6
    size = f"{megabytes:.1f} MB"
    assert fact(card, "size") == f"{parameters:.1f} M parameters, {size} in half precision"
    assert f"in {size}" in README


@each_sayer
def test_voices_and_size(name, codec, card):
    parameters = sum(p.numel() for p in codec.network.parameters()) / 1e6
    megabytes = sum(p.stat().st_size for p in describe(name).folder.glob("*.safetensors")) / 1e6
    size = f"{megabytes:.1f} MB"
    assert fact(card, "size") == f"{parameters:.1f} M parameters, {size} in 8 bits"
    assert f"in {size}" in README
    languages = {"en": "English", "de": "German"}
    voices = [f"{each} ({languages[known.language]})" for each, known in codec.voices.items()]
    assert fact(card, "voices").startswith(", ".join(voices) + ";")
    spec = codec.codec.spec
    tokens = f"tokens of `{spec.space.partition(':')[0]}`, {spec.frame_rate} frames/s of"
    assert fact(card, "says") == f"{tokens} {len(spec.levels)} levels"


@each_vocoding
def test_units_voices_and_size(name, codec, card):
    parameters = sum(p.numel() for p in codec.network.parameters()) / 1e6
    megabytes = sum(p.stat().st_size for p in describe(name).folder.glob("*.safetensors")) / 1e6
    size, kept = f"{megabytes:.1f} MB", stored_kinds(name)
    in_bytes = "8 bits" if "I8" in kept else "half precision"
    assert fact(card, "size") == f"{parameters:.1f} M parameters, {size} in {in_bytes}"
    assert f"in {size}" in README
    spec = codec.spec
    units = f"{spec.levels[0].size}, {spec.frame_rate} frames/s"
    assert f"`{spec.space.partition(':')[0]}` ({units})" in fact(card, "says")
    assert fact(card, "voices").startswith(codec.speakers[0])


@each_continuing
def test_stages_and_size(name, codec, card):
    folder, parameters = describe(name).folder, 0
    for stage, made in codec.stages.items():
        parameters += sum(weight.numel() for weight in made.network.parameters())
        training = describe(folder / stage).facts["training"]
        assert f"\n| {stage} | {training['steps']} | {training['seconds']} | " in card
    megabytes = sum(file.stat().st_size for file in folder.rglob("*.safetensors")) / 1e6
    size = f"{megabytes:.1f} MB"
    assert fact(card, "size") == f"{parameters / 1e6:.1f} M parameters, {size} in 8 bits"
    assert size in README and size in (ROOT / "docs" / "audiolm.md").read_text(encoding="utf-8")
    spaces = [codec.part(stage).tokens.space.partition(":")[0] for stage in ("semantic", "coarse")]
    assert all(f"`{space}`" in fact(card, "models") for space in spaces)


@each_parting
def test_speakers_and_size(name, codec, card):
    parameters = sum(p.numel() for p in codec.model.parameters()) / 1e6
    megabytes = (describe(name).folder / "model.safetensors").stat().st_size / 1e6
    size = f"{megabytes:.1f} MB"
    assert fact(card, "size") == f"{parameters:.1f} M parameters, {size} in half precision"
    assert f"in {size}" in README
    rate = f"{codec.rate:,}".replace(",", " ")
    assert fact(card, "speakers").startswith(f"{codec.speakers} at {rate} Hz;")


def test_the_hours_are_the_sum_of_the_rows(card):
    (hours,) = re.findall(r"^\| data \(train split, ([\d.]+) h\)", card, re.M)
    training = card.partition("## Training")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| (\d\.\d\d) \| ", training, re.M)
    assert f"{sum(map(float, rows)):.1f}" == hours
    assert set(re.findall(r"([\d.]+) hours in ", card)) <= {hours}


@pytest.mark.parametrize("name", [*MODELS, *SAYERS, *VOCODING, *PARTING], scope="module")
def test_the_run_is_the_one_in_its_description(name, card):
    training = describe(name).facts["training"]
    steps = f"{training['steps']:,}".replace(",", " ")
    assert f"{steps} steps of" in card and f"in {training['seconds']} s on" in card


@pytest.mark.parametrize("name", ["speech-16k"], scope="module")
def test_scores_of_a_voice_are_those_of_the_published_table(codec, card):
    label = codec.spec.space.partition(":")[0]
    rows = {
        int(levels): (float(pesq), float(stoi))
        for levels, pesq, stoi in re.findall(
            rf"^\| {label}, (\d+) levels \| [\d.]+ \| ([\d.]+) \[[^|]*\| ([\d.]+) \[", RESULTS, re.M
        )
    }
    least, most = codec.spec.prefixes[0], codec.spec.prefixes[-1]
    assert f"PESQ-WB {rows[most][0]:.2f}, STOI {rows[most][1]:.3f} with {most} levels" in card
    for levels in (4, least):
        assert f"{rows[levels][0]:.2f} / {rows[levels][1]:.3f} with {levels}" in card


def test_the_share_of_entries_in_use_is_that_of_the_published_table():
    section = RESULTS.partition("\n## Codebooks")[2].partition("\n## ")[0]
    used = [
        float(share) for share in re.findall(r"^\| \d \| \w+ \| \d+ \| ([\d.]+)%", section, re.M)
    ]
    (least,) = re.findall(r"at least ([\d.]+) % of the entries of\s+every codebook", README)
    assert float(least) == min(used)
