"""The import contract of pyproject.toml allows its edges and refuses all others."""

import tomllib
from pathlib import Path

import grimp
import pytest

from tests.house.contract import AllowedImports

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACT = CONFIG["tool"]["importlinter"]["contracts"][0]


def faults(*imports: tuple[str, str]) -> list[str]:
    """Check a made-up package that has just these imports."""
    graph = grimp.ImportGraph()
    for importer, imported in imports:
        for module in (importer, imported):
            parts = module.split(".")
            for depth in range(1, len(parts) + 1):
                graph.add_module(".".join(parts[:depth]))
        graph.add_import(importer=importer, imported=imported)
    options = {key: CONTRACT[key] for key in ("edges", "free")}
    contract = AllowedImports(
        CONTRACT["name"],
        session_options={"root_packages": ["vocable"]},
        contract_options=options,
    )
    return contract.check(graph, verbose=False).metadata["faults"]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("nn.conv", "signal.spectra"),
        ("codecs.speech", "quantize.rvq"),
        ("tokens.file", "errors"),
        ("audio.writer", "atomic"),
        ("train.loop", "load"),
        ("cli.encode", "speak.voices"),
        ("units.hubert", "quantize.search"),
        ("load", "units.hubert"),
        ("corpus.shards", "codecs.files"),
        ("evaluate.probes", "measures.registry"),
        ("nn.conv", "nn.block"),
    ],
)
def test_edges_of_the_table_are_allowed(importer, imported):
    assert faults((f"vocable.{importer}", f"vocable.{imported}")) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("nn.conv", "tokens.spec"),
        ("signal.spectra", "nn.block"),
        ("tokens.file", "audio.reader"),
        ("quantize.rvq", "signal.spectra"),
        ("codecs.model", "load"),
        ("codecs.model", "measures.speech"),
        ("evaluate.sweep", "codecs.model"),
        ("load", "train.loop"),
        ("errors", "audio"),
        ("train.loop", "cli.console"),
        ("serve.app", "cli.console"),
        ("speak.voices", "testing"),
        ("codecs.base", "units.hubert"),
        ("load", "corpus.shards"),
    ],
)
def test_other_edges_are_refused(importer, imported):
    assert len(faults((f"vocable.{importer}", f"vocable.{imported}"))) == 1


def test_importing_the_root_package_is_refused():
    assert faults(("vocable.nn.conv", "vocable")) == [
        "vocable.nn.conv imports vocable, which nn may not"
    ]
    assert faults(("vocable.cli.encode", "vocable")) == []


def test_a_package_without_a_line_is_refused():
    assert faults(("vocable.utils", "vocable.errors")) == ["utils has no line in the table"]
