"""The blocks of README.md and docs/ run as printed, page by page, in the order of the page."""

import shutil
import sys

import pytest

from tests.docs.newcomer import Reader, fresh_clone
from tests.docs.pages import PAGES, ROOT, SHOWN, Block, Page
from tests.docs.warm import warmed

# What no test runs, and what the page says that it needs. A block here is one that nobody checks.
NOT_RUN = {
    "README.md": [
        "a recording of two people",
        "the network",
        "the network",
        "the weights of CSM-1B, 3.3 GB, and consent to their terms on the hub",
    ],
    "docs/audiolm.md": ["recordings of your own, and hours"],
    "docs/cli.md": ["a microphone and a loudspeaker"],
    "docs/codecs.md": [
        "the network",
        "the network",
        "the network",
        "the network",
        "recordings of your own, with speakers",
    ],
    "docs/corpus-formats.md": [  # tests/corpus/readers/test_page.py runs them
        "the package pyarrow",
        "the package datasets",
        "the package datasets",
        "the package webdataset",
        "the package lhotse",
        "the package megatron-core",
        "the package datatrove",
        "the package mosaicml-streaming",
        "the package litdata",
    ],
    "docs/corpus.md": ["a cluster", 'pip install "vocable[ray]"'],
    "docs/csm.md": [
        "the weights of CSM-1B, 3.3 GB, and consent to their terms on the hub",
        "the weights of CSM-1B, 3.3 GB, and consent to their terms on the hub",
        "the weights of CSM-1B, a prepared set with its speaker's consent, and 10 GB of memory",
    ],
    "docs/distillation.md": ["recordings of your own, and a quarter of an hour"],
    "docs/evaluate.md": ['pip install "vocable[words]", and seconds for each recording'],
    "docs/language-training.md": ["recordings of your own, and hours"],
    "docs/likelihood.md": ["recordings of your own, and models trained on others"],
    "docs/listening.md": ["what listeners have sent"],
    "docs/export.md": ['pip install "vocable[export]", and a minute or two'],
    "docs/moshi.md": [
        "the weights of Moshi, 15 GB, and memory for them",
        "the package sentencepiece, and the tokenizer beside Moshi's weights",
    ],
    "docs/musicgen.md": ["the weights of MusicGen small, 2.4 GB, and of T5 base, 0.9 GB"],
    "docs/musiclm.md": [
        "recordings of music, tokenizers for it, the weights of CLAP, and hours",
    ],
    "docs/orpheus.md": [
        "the weights of Orpheus 3B and of SNAC, 7 GB, and consent to their terms on the hub",
        "the weights of Orpheus 3B and of SNAC, 7 GB, and consent to their terms on the hub",
        "the weights of Orpheus 3B, a prepared set with its speaker's consent, and a GPU of 40 GB",
    ],
    "docs/prepare.md": [
        'pip install "vocable[prepare]", and recordings of your own',
        'pip install "vocable[prepare]", and recordings of your own',
        "pip install datasets, and a prepared set",
    ],
    "docs/published.md": [
        "the network",
        "the network",
        "the files of a codec",
        "the files of the encoder and the centres",
    ],
    "docs/quantizers.md": ["recordings of your own"],
    "docs/soundstorm.md": [
        "a set of tokens with the tracks acoustic and semantic, and an hour",
        "the model of the run above",
    ],
    "docs/speaking.md": [
        "the weights of CSM-1B, 3.3 GB, and consent to their terms on the hub",
        "the weights of Orpheus 3B and of SNAC, 7 GB, and consent to their terms on the hub",
        "recordings of your own with texts, and an hour",
    ],
    "docs/token-file.md": ["a model"],
    "docs/training.md": [
        "recordings of your own, and hours",
        "recordings of your own, and half an hour",
        "recordings of your own, and a codec",
        "recordings of your own, and ten minutes",
        "that run",
    ],
    "docs/two-speakers.md": [
        "a recording of two people",
        "recordings of single speakers, and an hour and a half",
    ],
    "docs/two-streams.md": ["recordings of your own, and hours"],
    "docs/voice-conversion.md": ["recordings of your own, and hours"],
    "docs/unit-vocoder.md": [
        "the file of a vocoder, and a tokenizer of the units that it was made for",
    ],
    "docs/vocabularies.md": ['pip install "vocable[language]"'],
}
SLOW = [
    "docs/evaluate-codec.md",
    "docs/tutorial-finetune.md",
    "docs/tutorial-voice.md",
]  # run by `dev.py test-all`
# Pages that train, a quarter of a minute each; their recipes have tests of their own. Also for
# `test-all`.
TRAINING = [
    "docs/language-training.md",
    "docs/recognising.md",
    "docs/speaking.md",
    "docs/translation.md",
    "docs/unit-vocoder.md",
    "docs/voice-conversion.md",
]
RECORDINGS = {"docs/tutorial-finetune.md": "tests/train/voice"}  # what a page asks of the reader
ELSEWHERE = {"docs/tutorial-voice.md": "tests/speak/test_tutorial.py"}  # run and judged there


@pytest.fixture
def modules():
    """The modules that are imported; those that a page adds are taken out again."""
    before = set(sys.modules)
    yield sys.modules
    written = {block.file.removesuffix(".py") for page in PAGES.values() for block in page.blocks}
    for name in written - before:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    with warmed(fresh_clone(tmp_path_factory.mktemp("clone"))) as folder:
        yield folder


def as_parameter(page: Page):
    slow = page.is_slow or page.name in TRAINING
    marks = [pytest.mark.slow, pytest.mark.timeout(1800)] if slow else []
    if page.has_shell:
        marks.append(pytest.mark.skipif(sys.platform == "win32", reason="the shell is a POSIX one"))
    return pytest.param(page, id=page.name, marks=marks)


@pytest.mark.parametrize(
    "page",
    [as_parameter(page) for name, page in PAGES.items() if page.blocks and name not in ELSEWHERE],
)
def test_the_blocks_of_a_page_run_as_printed(page, clone, tmp_path, monkeypatch, registry, modules):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")  # as in `python`: modules of the folder one stands in
    reader = Reader(page, clone, tmp_path)
    if page.name in RECORDINGS:
        shutil.copytree(ROOT / RECORDINGS[page.name], reader.folder / "recordings")
    for block in page.blocks:
        if not block.needs:
            reader.run(block)


@pytest.mark.skipif(sys.platform == "win32", reason="the shell is a POSIX one")
def test_a_block_that_fails_is_named(clone, tmp_path):
    """In a fresh clone no command is found before the environment is activated."""
    reader = Reader(PAGES["README.md"], clone, tmp_path)
    with pytest.raises(AssertionError, match=r"^README.md:7\nvocable --version\n(.|\n)*not found"):
        reader.run(Block("sh", "vocable --version\n", 7, "", "", ""))
    reader.run(Block("sh", "cd examples\n. ../.venv/bin/activate\n", 8, "", "", ""))
    reader.run(Block("sh", "vocable --version && test -f speech.flac\n", 9, "", "", ""))


def test_what_is_not_run_is_listed_here():
    assert {name: page.needs for name, page in PAGES.items() if page.needs} == NOT_RUN
    assert [name for name, page in PAGES.items() if page.is_slow] == SLOW


def test_pages_that_run_elsewhere_are_named_there():
    assert all(name in (ROOT / test).read_text("utf-8") for name, test in ELSEWHERE.items())


def test_the_pages_with_blocks_are_found():
    with_blocks = {name for name, page in PAGES.items() if page.blocks}
    shown_only = {"docs/glossary.md", "docs/log.md", "docs/own.md", "docs/reading.md"}
    assert with_blocks == PAGES.keys() - shown_only


@pytest.mark.parametrize("name", PAGES)
def test_every_fence_is_closed_and_found(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    fences = [line.strip() for line in lines if line.lstrip().startswith(("```", "~~~"))]
    assert len(fences) % 2 == 0 and all(fence == "```" for fence in fences[1::2])
    opened = [fence.removeprefix("```") for fence in fences[::2]]
    assert len([each for each in opened if each not in SHOWN]) == len(PAGES[name].blocks)
