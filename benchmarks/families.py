"""Say what holds of every architecture of codecs, and of every quantizer, in two tables.

    python -m benchmarks.families

A codec's error is the largest of all that its golden tests compare with what its reference gave for
the same weights, relative to max(1, peak). Laws are checked on the small codec of its name, latency
is that of its default sizes. A quantizer's error lies between decoded codes and `forward`.
"""

import argparse
import contextlib
import math
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.codecs import CodecModel
from vocable.codecs.keys import layout_of
from vocable.codecs.latency import latency_of
from vocable.codecs.published import PUBLISHED
from vocable.codecs.registry import architecture, architecture_of, architectures, outline
from vocable.errors import VocableError
from vocable.export.folder import not_exported
from vocable.export.graphs import graphs_of
from vocable.load import models
from vocable.quantize import Quantizer
from vocable.testing import compare
from vocable.testing.codec_examples import small_codec
from vocable.testing.quantizer_examples import quantizers
from vocable.testing.quantizer_laws import check_nested
from vocable.testing.verify import laws, noise_and_tones, piece

ROOT = Path(__file__).parents[1]
TESTING = "vocable.testing."  # whose codecs are no architectures of the package
CODECS = ("codec", "off by", "laws", "a stream waits", "export", "layouts", "licence", "tests")
QUANTIZERS = ("quantizer", "levels", "off by", "nested", "beside an oracle in tests/")


def main() -> None:
    """Run the golden tests, check all laws, and print both tables."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    golden = Golden.run()
    print(heading(list(CODECS)))
    for name in codecs():
        progress(name)
        print(row([name, *codec_cells(name, golden)]))
    print("\n" + heading(list(QUANTIZERS)))
    for name, quantizer in quantizers().items():
        print(row([name, *quantizer_cells(quantizer)]))
    print("\n" + describe())
    sys.exit(golden.status)


# ---- golden tests --------------------------------------------------------------------------------


class Golden:
    """A plugin of pytest that notes what golden tests compare, and of which architecture."""

    def __init__(self) -> None:
        self.status = 0
        self.apart: dict[str, float] = defaultdict(float)  # by architecture
        self.files: dict[str, set[str]] = defaultdict(set)
        self._ran: set[str] = set()  # architectures in the test that runs
        self._found: list[float] = []

    @classmethod
    def run(cls) -> "Golden":
        """Run tests/golden; what it prints goes to stderr."""
        found = cls()
        options = ["-q", "-p", "no:cacheprovider"]
        with found._listening(), contextlib.redirect_stdout(sys.stderr):
            found.status = int(pytest.main([*options, str(ROOT / "tests/golden")], [found]))
        return found

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """Hear of comparisons, and of models that encode or decode."""
        with pytest.MonkeyPatch.context() as patch:
            for module, name in ((compare, "check_rows_equal"), (torch.testing, "assert_close")):
                patch.setattr(module, name, self._compares(getattr(module, name), module))
            for name in ("to_codes", "from_codes"):
                patch.setattr(CodecModel, name, self._runs(getattr(CodecModel, name)))
            yield

    def _compares(self, check: Callable[..., Any], module: Any) -> Callable[..., Any]:
        skipped = 1 if module is compare else 0  # what is compared comes first there

        def noting(*args: Any, **options: Any) -> Any:
            got, wanted = args[skipped : skipped + 2]
            if got.is_floating_point() and got.shape == wanted.shape and got.numel():
                peak = max(1.0, float(wanted.abs().max()))
                self._found.append(float((got - wanted).abs().max()) / peak)
            return check(*args, **options)

        return noting

    def _runs(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def noting(model: CodecModel, *args: Any, **options: Any) -> Any:
            self._ran.add(architecture_of(model))
            return method(model, *args, **options)

        return noting

    def pytest_runtest_setup(self) -> None:
        """Begin a test."""
        self._ran, self._found = set(), []

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """End a test: what it compared is said of the architectures that ran in it."""
        for name in self._ran:
            self.files[name].add(str(item.path.relative_to(ROOT)))
            self.apart[name] = max([self.apart[name], *self._found])


# ---- codecs --------------------------------------------------------------------------------------


def codecs() -> list[str]:
    """Return the architectures of the package that decode."""
    kinds = {name: architecture(name).model for name in architectures()}
    made = {name: kind for name, kind in kinds.items() if issubclass(kind, CodecModel)}
    return [name for name, kind in made.items() if not kind.__module__.startswith(TESTING)]


def codec_cells(name: str, golden: Golden) -> list[str]:
    """Return what is said of an architecture, in the order of `CODECS`."""
    try:
        codec = small_codec(name)
    except KeyError:
        return [shown(golden.apart.get(name)), "no example of this name", *[""] * 5]
    audio = piece(noise_and_tones(), codec)
    checks = list(laws(codec, audio))
    failed = [check.what for check in checks if check.verdict != "ok"]
    forms = getattr(layout_of(name), "FORMS", {})
    written = [layout for layout, form in forms.items() if form.files]
    return [
        shown(golden.apart.get(name)),
        f"fails: {', '.join(failed)}" if failed else f"all {len(checks)}",
        waits(outline(name, {})),
        exported(codec.model),
        ", ".join(["vocable", *written]),
        ", ".join(licences(name)),
        ", ".join(sorted(golden.files[name])),
    ]


def waits(model: CodecModel) -> str:
    """Say how long a stream of a model waits, or what takes whole recordings."""
    if found := latency_of(model):
        return str(found)
    steps = {"encodes": model.encodes_in_steps, "decodes": model.decodes_in_steps}
    whole = [does for does, in_steps in steps.items() if not in_steps]
    return f"{' and '.join(whole)} whole recordings"


def exported(model: CodecModel) -> str:
    """Say what `vocable export` writes of a model, or why it writes none."""
    if why := not_exported(model):
        return f"no: {why}"
    return "whole, in steps" if len(graphs_of(model)) > 2 else "whole"


def licences(name: str) -> list[str]:
    """Return the licences of the weights that are published, or come with the package."""
    module = import_module(architecture(name).model.__module__)
    of_others = [
        entry.stated_licence
        for entry in PUBLISHED
        if getattr(getattr(module, entry.model, None), "__module__", "") == module.__name__
    ]
    ours = [each.facts["licence"] for each in models() if each.architecture == name]
    return sorted({*of_others, *ours})


# ---- quantizers ----------------------------------------------------------------------------------


def quantizer_cells(quantizer: Quantizer) -> list[str]:
    """Return what is said of a quantizer, in the order of `QUANTIZERS`."""
    strides = getattr(quantizer, "strides", ()) or (1,)
    z = torch.randn(2, 8 * math.lcm(*strides), 6, generator=torch.Generator().manual_seed(1))
    try:
        check_nested(quantizer, z[..., : quantizer.dim])
        nested = ", ".join(map(str, quantizer.prefixes))
    except (AssertionError, VocableError) as error:
        nested = f"fails: {error}"
    with torch.no_grad():
        z = z[..., : quantizer.dim]
        apart = (quantizer.decode(quantizer.encode(z)) - quantizer(z).z).abs().max()
    kind = type(quantizer).__name__
    return [" ".join(map(str, quantizer.levels)), shown(float(apart)), nested, beside(kind)]


def beside(kind: str) -> str:
    """Return the tests in which a class stands beside an oracle of scalars, or another package."""
    files = [*ROOT.glob("tests/quantize/test_*.py"), *ROOT.glob("tests/parity/test_*quantizers.py")]
    texts = {path: path.read_text() for path in sorted(files)}
    found = [
        path
        for path, text in texts.items()
        if re.search(r"import .*oracle|peer\(", text) and re.search(rf"\b{kind}\b", text)
    ]
    return ", ".join(str(path.relative_to(ROOT / "tests")) for path in found)


def shown(apart: float | None) -> str:
    """Return a difference as a cell."""
    return "" if apart is None else f"{apart:.0e}" if apart else "0"


if __name__ == "__main__":
    main()
