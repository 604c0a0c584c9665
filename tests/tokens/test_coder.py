"""Codes become bits and come back; slow clear twins and another library are the oracles."""

import tracemalloc
from dataclasses import replace
from math import ceil, log2

import constriction
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.strategies import SIZES, made
from tests.tokens.test_spec import SPEECH
from vocable.errors import FormatError, TokenError
from vocable.tokens import Level
from vocable.tokens.coder import RansDecoder, RansEncoder, Table, TableSet, fit_tables, pack, unpack
from vocable.tokens.coder.pack import group_bits, grouping, packed_bits
from vocable.tokens.varint import encode_varint, read_varint

RANDOM = np.random.default_rng(0)


def slow_pack(rows, sizes):
    """Write each group as one number, in bits from the lowest on, all in one big integer."""
    number, at = 0, 0
    for row, size in zip(rows, sizes, strict=True):
        group, _ = grouping(size)
        for start in range(0, len(row), group):
            part = [int(code) for code in row[start : start + group]]
            value = sum(code * size**k for k, code in enumerate(part))
            number |= value << at
            at += (size ** len(part) - 1).bit_length()
    return number.to_bytes(ceil(at / 8), "little")


rows_of = st.lists(st.tuples(st.sampled_from(SIZES), st.integers(0, 70)), max_size=5)


@given(rows_of, st.integers(0, 99))
def test_packing_equals_its_slow_twin(shapes, seed):
    random = np.random.default_rng(seed)
    sizes = [size for size, _ in shapes]
    rows = [random.integers(0, size, count) for size, count in shapes]
    data = pack(rows, sizes)
    assert data == slow_pack(rows, sizes)
    for row, back in zip(rows, unpack(data, [len(r) for r in rows], sizes), strict=True):
        assert (row == back).all()


@pytest.mark.parametrize("size", [3, 5, 6, 7, 10, 100, 625, 1000, 4375, 65_535])
def test_packing_wastes_little(size):
    group, bits = grouping(size)
    assert bits / group <= log2(size) * 1.011
    assert bits == group_bits(size, group) <= 62


@pytest.mark.parametrize("size", [2, 3, 44, 90, 1024])
def test_rows_of_every_grouping_come_back(size):
    row = np.arange(2 * size + 3) * 7 % size
    data = pack([row], [size])
    assert data == slow_pack([row], [size])
    assert unpack(data, [len(row)], [size])[0].tolist() == row.tolist()


def test_a_row_has_exactly_one_packed_form():
    data = pack([np.array([4, 4, 4])], [5])
    assert unpack(data, [3], [5])[0].tolist() == [4, 4, 4]
    with pytest.raises(FormatError, match="beyond 3 codes of 5"):
        unpack(bytes([127]), [3], [5])
    with pytest.raises(FormatError, match="bits that are not zero"):
        unpack(bytes([data[0] | 0x80]), [3], [5])
    with pytest.raises(FormatError, match="must be 1 bytes, got 2"):
        unpack(data + b"\0", [3], [5])


def skewed(size, count, seed=0):
    random = np.random.default_rng(seed)
    return random.choice(size, count, p=random.dirichlet(np.full(size, 0.3)))


@given(st.lists(st.tuples(st.sampled_from([2, 3, 10, 1024, 16_384]), st.integers(0, 300)),
                min_size=1, max_size=4), st.integers(1, 256), st.integers(0, 99))  # fmt: skip
def test_coding_gives_back_the_same(shapes, lanes, seed):
    rows = [skewed(size, count, seed) for size, count in shapes]
    tables = [Table.fit(np.bincount(skewed(size, 500, seed + 1), minlength=size))
              for size, _ in shapes]  # fmt: skip
    encoder = RansEncoder(lanes)
    for row, table in zip(rows, tables, strict=True):
        encoder.push(row, table)
    decoder = RansDecoder(encoder.finish(), lanes)
    for row, table in zip(rows, tables, strict=True):
        assert (decoder.pop(len(row), table) == row).all()
    decoder.close()


def test_tables_may_depend_on_what_came_before():
    """The coder knows no model: here each code's table is chosen by the code before it."""
    codes = skewed(8, 400)
    after = [Table.fit(RANDOM.integers(1, 50, 8)) for _ in range(8)]
    encoder = RansEncoder(1)
    for before, code in zip([0, *codes[:-1]], codes, strict=True):
        encoder.push(np.array([code]), after[before])
    decoder = RansDecoder(encoder.finish(), 1)
    found = [0]
    for _ in codes:
        found.append(int(decoder.pop(1, after[found[-1]])[0]))
    decoder.close()
    assert found[1:] == codes.tolist()


def test_coding_takes_the_cross_entropy():
    """Within 0.5 % of the ideal length, and of what constriction takes for the same table."""
    codes = skewed(1024, 50_000)
    table = Table.fit(np.bincount(skewed(1024, 50_000, 0), minlength=1024))
    encoder = RansEncoder(16)
    encoder.push(codes, table)
    ours = 8 * len(encoder.finish())
    model = constriction.stream.model.Categorical(table.frequencies / 65_536, perfect=False)
    other = constriction.stream.stack.AnsCoder()
    other.encode_reverse(codes.astype(np.int32), model)
    assert ours == pytest.approx(table.bits(codes), rel=0.005)
    assert ours == pytest.approx(other.num_bits(), rel=0.005)


def test_every_change_of_coded_data_is_seen_or_changes_the_codes():
    table = Table.fit(np.arange(1, 20))
    codes = skewed(19, 300)
    encoder = RansEncoder(2)
    encoder.push(codes, table)
    data = encoder.finish()
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 0x10
        try:
            decoder = RansDecoder(bytes(broken), 2)
            found = decoder.pop(300, table)
            decoder.close()
        except FormatError:
            continue
        assert (found != codes).any()


@pytest.mark.parametrize(
    "data, lanes, message",
    [
        (b"", 1, "must be 5 bytes of 1 states"),
        (bytes(6), 1, "whole words"),
        (bytes(7), 1, "a state below"),
        (bytes(10), 2, "a state below"),
        (b"\0\0\0\1\0", 2, "must be 10 bytes"),
    ],
)
def test_bad_coded_data_is_refused(data, lanes, message):
    with pytest.raises(FormatError, match=message):
        RansDecoder(data, lanes)


def test_coded_data_must_end_with_its_last_symbol():
    table = Table.fit(np.ones(1024, int))
    encoder = RansEncoder(1)
    encoder.push(np.arange(100), table)
    data = encoder.finish()
    for wrong in (data[:-2], data + b"\0\0"):
        decoder = RansDecoder(wrong, 1)
        decoder.pop(100, table)
        with pytest.raises(FormatError, match="does not end where"):
            decoder.close()
    encoder = RansEncoder(2)
    encoder.push(np.arange(100), table)
    with pytest.raises(FormatError, match="ends before its last symbol"):
        RansDecoder(encoder.finish()[:-2], 2).pop(100, table)


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_a_single_lane_has_one_encoding(count):
    """Whatever state and words decode and close are what the encoder gives for those codes."""
    table = Table.fit(np.array([3, 500, 1, 40]))
    closed = 0
    for state in [*range(2_000), *RANDOM.integers(0, 1 << 40, 2_000).tolist()]:
        for words in (b"", b"\1\2"):
            data = state.to_bytes(5, "little") + words
            try:
                decoder = RansDecoder(data, 1)
                found = decoder.pop(count, table)
                decoder.close()
            except FormatError:
                continue
            encoder = RansEncoder(1)
            encoder.push(found, table)
            assert encoder.finish() == data
            closed += 1
    assert closed


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=50))
def test_tables_sum_up_and_allow_all(counts):
    table = Table.fit(np.array(counts))
    assert table.frequencies.sum() == 1 << 16 and table.frequencies.min() >= 1
    assert table.cumulative[-1] + table.frequencies[-1] == 1 << 16
    assert (table.frequencies[np.argsort(counts, kind="stable")][:-1]
            <= table.frequencies[np.argsort(counts, kind="stable")][1:] + 1).all()  # fmt: skip


def test_tables_are_named_by_their_bytes():
    fitted = fit_tables([made(SPEECH, 2, 1, 200, seed=k) for k in range(3)])
    data = fitted.to_bytes()
    again = TableSet.from_bytes(data, (1024, 1024))
    assert again.to_bytes() == data and again.name == fitted.name and len(fitted.name) == 8
    some = TableSet((None, fitted.tables[1]))
    assert TableSet.from_bytes(some.to_bytes(), (1 << 24, 1024)).tables[0] is None
    assert fitted.first(1).tables == fitted.tables[:1]


@pytest.mark.parametrize(
    "data, message",
    [
        (b"\2", "begin with 0 or 1"),
        (b"\1\0", "runs past the end"),
        (b"\1\0\0", "that sum to 65536, got 2 with sum 2"),
        (b"\0\0", "tables end after 1 bytes, got 2"),
        (b"\1\x80\0\0", "more bytes than it needs"),
    ],
)
def test_bad_tables_are_refused(data, message):
    with pytest.raises(FormatError, match=message):
        TableSet.from_bytes(data, (2,))


def test_large_codebooks_get_no_table_and_take_no_memory():
    spec = replace(SPEECH, levels=(Level(1 << 24), Level(2)))
    tracemalloc.start()
    fitted = fit_tables([made(spec, 2, 1, 50)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fitted.tables[0] is None and fitted.tables[1] is not None
    assert peak < 4 << 20


def test_a_table_has_its_limit():
    with pytest.raises(TokenError, match="at most 16384 codes, got 16385"):
        Table.fit(np.ones(16_385, int))
    with pytest.raises(FormatError, match="begin with 0 or 1"):
        TableSet.from_bytes(b"\1", (1 << 20,))


@given(st.integers(0, (1 << 63) - 1))
def test_numbers_have_one_encoding(value):
    data = encode_varint(value)
    assert read_varint(b"x" + data, 1) == (value, 1 + len(data))
    assert len(data) == max(1, ceil(value.bit_length() / 7))


def test_bad_numbers_are_refused():
    for data, message in [(b"\x80", "past the end"), (b"\x80\0", "more bytes than"),
                          (b"\xff" * 10, "more than 9 bytes")]:  # fmt: skip
        with pytest.raises(FormatError, match=message):
            read_varint(data, 0)


def test_packed_bits_are_what_pack_writes():
    for size in SIZES:
        for count in (0, 1, 7, 40):
            data = pack([np.zeros(count, int)], [size])
            assert len(data) == ceil(packed_bits(size, count) / 8)
