"""The same tokens give the same bytes; a file that grows has an id of its own."""

import io

import numpy as np
import pytest

from tests.tokens.strategies import made
from tests.tokens.test_spec import SNAC, SPEECH
from vocable.errors import FormatError, TokenError
from vocable.tokens import Source, TokenFile, TokenWriter, Track, read_tokens, write_tokens
from vocable.tokens.file.stamp import stamp


def speech(frames=700, **kind):
    return made(SPEECH, 2, 1, frames, source=Source(frames * SPEECH.frame, SPEECH.rate), **kind)


def test_equal_tokens_give_equal_bytes_by_every_way(tmp_path):
    speech().save(tmp_path / "a.vcb")
    write_tokens(tmp_path / "b.vcb", {"": speech()})
    file = io.BytesIO()
    write_tokens(file, read_tokens(tmp_path / "a.vcb"))
    assert (tmp_path / "a.vcb").read_bytes() == (tmp_path / "b.vcb").read_bytes() == file.getvalue()


def test_other_tokens_have_another_id():
    ids = set()
    for some in (speech(), speech(seed=1), speech(699), speech().first(1), made(SNAC, 3, 1, 700)):
        file = io.BytesIO()
        write_tokens(file, some)
        ids.add(file.getvalue()[5:9])
    assert len(ids) == 5


def test_a_record_of_another_file_is_still_noticed():
    one, other = io.BytesIO(), io.BytesIO()
    write_tokens(one, speech())
    write_tokens(other, speech(seed=1))
    mixed = other.getvalue()[:9] + one.getvalue()[9:]
    with pytest.raises(FormatError, match="checksum mismatch"):
        read_tokens(io.BytesIO(mixed))


def test_a_growing_file_has_a_random_id_until_it_is_stamped():
    files = []
    for _ in range(2):
        file = io.BytesIO()
        with TokenWriter(file, Track(SPEECH), chunk_seconds=0) as writer:
            for start in range(0, 700, 100):
                writer.write(speech()[start : start + 100])
            writer.finish(700 * SPEECH.frame)
        files.append(file)
    assert files[0].getvalue() != files[1].getvalue()
    for file in files:
        stamp(file)
        assert read_tokens(file) == speech()
    assert files[0].getvalue() == files[1].getvalue()


def test_the_bytes_of_a_file_are_read_as_the_file(tmp_path):
    speech().save(tmp_path / "a.vcb")
    data = (tmp_path / "a.vcb").read_bytes()
    assert read_tokens(data) == read_tokens(io.BytesIO(data)) == speech()
    with TokenFile(data) as file:
        assert file[3:9] == speech()[3:9]


@pytest.mark.usefixtures("untyped")
def test_other_forms_of_a_file_and_what_is_none(tmp_path):
    speech().save(tmp_path / "a.vcb")
    data = (tmp_path / "a.vcb").read_bytes()
    assert read_tokens(bytearray(data)) == read_tokens(memoryview(data)) == speech()
    with open(tmp_path / "a.vcb") as as_text:
        assert read_tokens(as_text) == speech()
    for source in (None, 3, np.zeros(9), io.StringIO("vcb")):
        with pytest.raises(TokenError, match="a token file is a path, an open binary file or the"):
            read_tokens(source)
