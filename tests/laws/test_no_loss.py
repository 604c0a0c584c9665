"""Law 5, no loss: bytes, layouts and ids give back the same integers; damage is noticed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocable import testing
from vocable.testing import token_laws
from vocable.tokens import Layout, Vocabulary, parallel

LAYOUTS, TOKENS = testing.layouts(), testing.tokens()
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_kind = pytest.mark.parametrize("kind", TOKENS)
FILES = TOKENS | {"lasting": testing.lasting()}


@every_layout
@every_kind
@given(frames=st.integers(1, 40))
def test_layouts_lose_nothing(layout: str, kind: str, frames: int):
    tokens = testing.tokens(frames)[kind]
    testing.check_layout_no_loss(LAYOUTS[layout], tokens)
    testing.check_layout_no_loss(LAYOUTS[layout], tokens.first(1))


@every_layout
@every_kind
def test_vocabularies_lose_nothing(layout: str, kind: str):
    tokens = TOKENS[kind]
    vocabulary = Vocabulary.of(tokens.spec, LAYOUTS[layout], text=32_000)
    testing.check_vocabulary_no_loss(vocabulary, tokens)


@pytest.mark.parametrize("kind", FILES)
def test_files_lose_nothing_and_notice_damage(kind: str, tmp_path: Path):
    path = tmp_path / "tokens.vcb"
    testing.check_file_no_loss(FILES[kind], path)
    testing.check_damage_is_noticed(path, range(len(path.read_bytes())))


class Rounds(Layout):
    """Drops the last bit of every code."""

    def arrange(self, tokens):
        return super().arrange(tokens) & ~1


def test_broken_layout_and_file_are_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(AssertionError, match="layout parallel: level 0 differs in . of 8 codes"):
        testing.check_layout_no_loss(Rounds(parallel().name), TOKENS["mono"])
    path = tmp_path / "tokens.vcb"
    TOKENS["mono"].save(path)
    monkeypatch.setattr(token_laws, "read_tokens", lambda path: TOKENS["mono"])
    with pytest.raises(AssertionError, match="read without complaint with bit 3 of byte 11 of"):
        testing.check_damage_is_noticed(path, [11])
