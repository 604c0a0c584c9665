"""YAML as programs dump it is read as PyYAML reads it; what asks for more stays text."""

import pytest

from vocable.codecs.keys.block_yaml import DEEPEST, read_block_yaml, stated_anywhere
from vocable.errors import ModelError

yaml = pytest.importorskip("yaml")

VALUES = {
    "plain": {"a": 1, "b": 2.5, "c": -3, "d": True, "e": None, "f": "word", "g": 1e-9},
    "texts": {"a": "true", "b": "12", "c": "", "d": "a: b", "e": "two words", "f": "it's # so"},
    "nested": {"a": {"b": {"c": 1}, "d": [1, 2]}, "e": 3},
    "lists": {"a": [1, [2, 3], [[4], 5]], "b": [{"c": 1, "d": [2, {"e": 3}]}, {"f": None}]},
    "empty": {"a": {}, "b": [], "c": [{}, []]},
    "list": [1, "two", {"three": 3}],
    "long": {"a": "many words " * 30, "b": 1},
    "keys": {"with space": 1, "12": 2, "a.b/c": 3, "_target_": "x.y.Z"},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_pyyaml_dumps_is_read(value):
    assert read_block_yaml(yaml.safe_dump(value, sort_keys=False), "x.yaml") == value


def test_comments_and_brackets_written_by_hand_are_read():
    text = "# sizes\na: [8, 7, 6, 6] # 2k codes\n\nb:   # nothing yet\n  c: 'x'\n  - ignored?\n"
    with pytest.raises(ModelError, match="x.yaml is not YAML as programs dump it .*ignored"):
        read_block_yaml(text, "x.yaml")
    found = read_block_yaml(text.replace("  - ignored?\n", ""), "x.yaml")
    assert found == {"a": [8, 7, 6, 6], "b": {"c": "x"}}


def test_a_line_that_is_a_comment_may_quote():
    text = "a: 1\n  # it's \"two\"\nb: 'x # y'\n"
    assert read_block_yaml(text, "x.yaml") == {"a": 1, "b": "x # y"} == yaml.safe_load(text)


def test_what_a_key_says_is_found_wherever_it_stands():
    value = {"a": 1, "b": [{"a": [2, 3]}, "a"], "c": {"d": {"a": None}}}
    assert stated_anywhere(value)["a"] == [1, [2, 3], None]
    assert stated_anywhere(None) == stated_anywhere("a: 1") == {}


@pytest.mark.parametrize("text", ["", "\n# only this\n"])
def test_nothing_says_nothing(text):
    assert read_block_yaml(text, "x.yaml") is None


def test_tags_make_nothing():
    found = read_block_yaml("a: !!python/object/apply:os.system ['echo run']\nb: *c\n", "x.yaml")
    assert found == {"a": "!!python/object/apply:os.system ['echo run']", "b": "*c"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2", "'a' is stated twice"),
        ("\n".join(" " * n + f"k{n}:" for n in range(DEEPEST + 9)), "blocks lie 33 deep"),
        ("- " * 4000 + "1", "blocks lie 33 deep"),
        ("a: 1\n   b: 2\nnothing", "at 'nothing'"),
        ("a:\n  - 1\n b: 2", "at 'b: 2'"),
    ],
)
def test_what_is_no_such_text_is_refused(text, words):
    with pytest.raises(ModelError, match=words) as refusal:
        read_block_yaml(text, "x.yaml")
    assert "\n" not in str(refusal.value)
