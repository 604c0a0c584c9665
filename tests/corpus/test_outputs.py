"""Each form of output gives back the tokens that it was given, in the same bytes each time."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from vocable.corpus.entry import Entry
from vocable.corpus.hearing import Facts
from vocable.corpus.marks import Item, Mark, sealed
from vocable.corpus.outputs import OUTPUTS, Form, Output, output_of
from vocable.corpus.rows import Row
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Level, Side, Source, TokenSpec, Vocabulary

PLAIN = TokenSpec("toy@1:0a", 16_000, 320, 1, (Level(1024), Level(32)), (1, 2))
LARGE = TokenSpec("large@1:0a", 16_000, 320, 1, (Level(1 << 17),), (1,))
RATES = TokenSpec("rates@1:0a", 24_000, 512, 1, (Level(64, 4), Level(64, 2), Level(64)), (3,))
SIDES = TokenSpec(
    "sides@1:0a", 16_000, 320, 1, (Level(16),), (1,), sides=(Side("voice", (3,), "float32"),)
)
SPECS = {spec.name: spec for spec in (PLAIN, LARGE, RATES, SIDES)}


def rows(spec: TokenSpec, channels: tuple[int, ...] = (1, 1, 2)) -> list[Row]:
    """Return recordings of several lengths, the last of which has two channels."""
    draw, found = np.random.default_rng(0), []
    for number, count in enumerate(channels):
        source = Source(5000 + 777 * number, 22_050, count)
        frames = spec.frames(spec.samples(source))
        stacks = [
            draw.integers(0, level.size, (count, spec.frames_of(k, frames)))
            for k, level in enumerate(spec.levels)
        ]
        sides = {
            side.name: draw.normal(size=(count, *side.shape)).astype(side.dtype)
            for side in spec.sides
        }
        tokens = AudioTokens(spec, stacks, sides, source=source)
        facts = Facts(source.samples, source.rate, count, f"{number:032x}", 0.0)
        entry = Entry(f"some/way.{number}", "/x.flac" if number else "", text="é" * number)
        found.append(Row(entry, tokens, facts))
    return found


def form(spec: TokenSpec) -> Form:
    return Form(spec, len(spec.levels))


def written(output: Output, folder: Path, given: list[Row]) -> Mark:
    folder.mkdir()
    files = output.write(folder, 12, iter(given))
    items = tuple(
        Item(r.entry.id, r.facts.digest, r.facts.samples, r.facts.rate, r.facts.channels,
             len(r.tokens), 0.0)
        for r in given
    )  # fmt: skip
    return Mark(12, sealed(folder, files.names), items, extra=files.extra)


def pairs() -> Iterator[tuple[str, str]]:
    for name in OUTPUTS:
        for spec in SPECS:
            try:
                output_of(name, form(SPECS[spec]))
            except TokenError:
                continue
            yield name, spec


@pytest.mark.parametrize(("name", "spec"), list(pairs()))
def test_tokens_come_back_and_bytes_are_the_same_again(
    name: str, spec: str, tmp_path: Path
) -> None:
    output = output_of(name, form(SPECS[spec]))
    given = rows(SPECS[spec], (1, 1, 1) if name == "jsonl" else (1, 1, 2))
    mark = written(output, tmp_path / "a", given)
    assert list(output.read(tmp_path / "a", mark)) == [row.tokens for row in given]
    assert written(output, tmp_path / "b", given) == mark


def test_what_a_form_cannot_hold_is_refused_before_work() -> None:
    with pytest.raises(TokenError, match="rates has levels of several rates"):
        output_of("jsonl", form(RATES))
    with pytest.raises(TokenError, match="sides has sides"):
        output_of("jsonl", form(SIDES))
    with pytest.raises(TokenError, match='parket is not an output; nearest: "parquet"'):
        output_of("parket", form(PLAIN))
    with pytest.raises(TokenError, match="parquet holds codes; a layout or vocabulary makes ids"):
        output_of("parquet", Form(PLAIN, 2, Vocabulary.of(PLAIN)))


def test_several_streams_do_not_fit_into_a_line() -> None:
    output = output_of("jsonl", form(PLAIN))
    one, _, two = (output.refuses(row.tokens) for row in rows(PLAIN))
    assert one == "" and two == "it has 2 streams of codes and a line holds one; take --mix"


@pytest.mark.parametrize(("spec", "kind"), [(PLAIN, "uint16"), (LARGE, "uint32")])
def test_parquet_says_what_its_numbers_are(spec: TokenSpec, kind: str, tmp_path: Path) -> None:
    output = output_of("parquet", form(spec))
    assert output.settings() == {"dtype": kind}
    written(output, tmp_path / "a", rows(spec))
    table = pq.read_table(tmp_path / "a/000012.parquet")
    assert str(table.schema.field("codes").type.value_type.value_type) == kind
    assert TokenSpec.from_dict(json.loads(table.schema.metadata[b"vocable.spec"])) == spec
    first = table.slice(0, 1).to_pylist()[0]
    assert (first["id"], first["levels"], first["samples"], first["rate"], first["space"]) == (
        "some/way.0", len(spec.levels), 5000, 22_050, spec.space,
    )  # fmt: skip


def test_webdataset_s_keys_have_no_dots_but_before_the_field(tmp_path: Path) -> None:
    output = output_of("webdataset", form(PLAIN))
    written(output, tmp_path / "a", rows(PLAIN))
    with tarfile.open(tmp_path / "a/000012.tar") as tar:
        names = tar.getnames()
        about = json.load(tar.extractfile("some/way_1.json"))  # type: ignore[arg-type]
    assert names[:2] == ["some/way_0.codes.npy", "some/way_0.json"]
    assert (about["id"], about["space"], about["text"]) == ("some/way.1", PLAIN.space, "é")


def test_lines_are_frames_of_codes(tmp_path: Path) -> None:
    given = rows(PLAIN, (1,))
    written(output_of("jsonl", form(PLAIN)), tmp_path / "a", given)
    (line,) = (tmp_path / "a/000012.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert row["audio_codes"] == given[0].tokens.codes[0].T.tolist() and row["id"] == "some/way.0"
