"""docs/glossary.md is the one list of words: its words are in use, and retired ones stay away."""

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
SOURCES = sorted((ROOT / "src" / "vocable").rglob("*.py"))
PAGES = [
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md"),
    # The log keeps the words of its time.
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name != "log.md"),
]

# English that must be read twice, and words that have been replaced.
PHRASES = {
    r"(?<![Tt]here )\b(?:is|are|was|were) no (?!longer|more|less)[a-z]": 'write "is not a …"',
    r"\bnothing is nothing\b": "say what happens",
    r"\bPython says None\b": "say what happens",
    r"\bby place; the rest\b": "say which are positional",
    r"\bclosing record": "trailer",
    r"\bheard, said\b": "encoding, decoding",
}
# Names of Python, each with its successor.
NAMES = {
    "arriving": "input_path",
    "blame": "find_nonfinite_loss",
    "fool": "generator_loss",
    "heard": "what was heard: input, samples, state …",
    "leaving": "output_path",
    "reopenable": "open_seekable",
    "said": "what was said: output, message, state …",
    "stand_in": "name_in_messages",
    "stated_bytes": "data_length",
    "unmask": "discriminator_loss",
    "MediaDecoder": "AvDecoder",
    "SoundDecoder": "SoundfileDecoder",
}
MODULES = {  # file names below src/vocable
    *("audio/media.py", "audio/sound.py", "audio/stated.py"),
    *("cli/machine.py", "cli/refusal.py", "cli/say.py", "cli/trip.py"),
    *("tokens/edit.py", "tokens/form.py", "tokens/parts.py"),
    *("tokens/file/closing.py", "tokens/file/gather.py", "tokens/file/scan.py"),
    *("tokens/file/walk.py", "tokens/file/whole.py", "train/blame.py", "train/place.py"),
}


def defined_words() -> list[str]:
    """Return the first column of the tables of the glossary."""
    rows = re.findall(r"^\| ([^|]+) \|", GLOSSARY.read_text("utf-8"), re.M)
    return [word for row in rows if (word := row.strip()) not in ("word", "---")]


def test_the_glossary_defines_words_once():
    words = defined_words()
    assert len(words) > 40 and len(set(words)) == len(words)


@pytest.mark.parametrize("word", defined_words())
def test_every_word_of_the_glossary_is_in_use(word):
    pattern = re.compile(rf"\b{re.escape(word)}s?\b", re.I)
    paths = [path for path in [*PAGES, *SOURCES] if path != GLOSSARY]
    assert any(pattern.search(path.read_text("utf-8")) for path in paths)


@pytest.mark.parametrize("pattern", PHRASES)
def test_retired_phrases_do_not_come_back(pattern):
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in [*PAGES, *SOURCES]
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, f"{PHRASES[pattern]}:\n" + "\n".join(found)


def test_retired_names_do_not_come_back():
    found = [
        f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string} is {NAMES[token.string]}"
        for path in SOURCES
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
        if token.type == tokenize.NAME and token.string in NAMES
    ]
    assert not found, "\n".join(found)


def test_retired_modules_do_not_come_back():
    modules = {path.relative_to(ROOT / "src" / "vocable").as_posix() for path in SOURCES}
    assert not modules & MODULES
