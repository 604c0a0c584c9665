"""The table of kinds: what a model in our own layout is, told by its architecture alone."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from vocable.codecs.registry import architectures
from vocable.errors import ModelError
from vocable.load import continuing, load_codec, load_tokenizer, models, parting, sayers, vocoding
from vocable.load.kinds import KINDS
from vocable.load.own_language import FAMILIES

TOKENS = "models tokens; take a codec for this"
DOES = {
    "say": "says texts; take a codec for this",
    "conv-tasnet": "parts speakers; take a codec for this",
    "unit-hifigan": "decodes units and encodes nothing; give it beside their tokenizer, "
    "vocable.load(…, vocoder=…)",
    "audiolm": TOKENS,
    **dict.fromkeys(FAMILIES, TOKENS),
}


def write(folder, architecture):
    """Write what a model says of itself, without its weights."""
    folder.mkdir(parents=True)
    facts = {"format": 1, "name": folder.parent.name, "version": "1", "config": {}, "space": ""}
    (folder / "config.json").write_text(json.dumps(facts | {"architecture": architecture}))
    return folder


def test_an_architecture_is_of_one_kind():
    found = Counter(each for kind in KINDS for each in kind.architectures)
    assert set(found) == set(DOES) and set(found.values()) == {1}
    assert not found.keys() & set(architectures())


@pytest.mark.parametrize("architecture", DOES)
@pytest.mark.parametrize("load", [load_tokenizer, load_codec])
def test_what_makes_no_tokens_is_refused_with_what_it_does(load, architecture, tmp_path):
    folder = write(tmp_path / "toy" / "1", architecture)
    with pytest.raises(ModelError) as refused:
        load(folder)
    assert str(refused.value) == f"toy {DOES[architecture]}"


def test_the_package_is_listed_by_kind(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["vocable.load.bundled"], "BUNDLED", tmp_path)
    for name in ("soundstream", *DOES):
        write(tmp_path / name / "1", name)
    listings = models, sayers, continuing, parting, vocoding
    listed = [[each.name for each in listing()] for listing in listings]
    assert listed == [
        ["soundstream"], ["say"], sorted([*FAMILIES, "audiolm"]), ["conv-tasnet"], ["unit-hifigan"]
    ]  # fmt: skip


def test_listing_loads_no_torch():
    code = (
        "import sys; from vocable.load import continuing, models, parting, sayers, vocoding\n"
        "assert models() and sayers() and continuing() and parting() and vocoding()\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
