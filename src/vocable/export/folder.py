"""Write an exported codec as a folder: whole and checked, or not at all."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from vocable.atomic import new_folder
from vocable.codecs import Codec, CodecModel
from vocable.codecs.session import evaluation_twin
from vocable.errors import ModelError
from vocable.export import onnx_files, torch_files
from vocable.export.checking import Agreement, compare
from vocable.export.description import FORMAT, describe
from vocable.export.graphs import Graph, graphs_of
from vocable.export.readme import readme
from vocable.nearest import nearest
from vocable.nn.settings import plain_settings

FORMATS: dict[str, ModuleType] = {"onnx": onnx_files, "torch": torch_files}
PACKAGES = ("onnx", "onnxscript", "onnxruntime")  # of the extra `export`
FACTS = "codec.json"


@dataclass(frozen=True)
class Exported:
    """What was written: each file with its bytes, and how the files compare with the codec."""

    folder: Path
    files: dict[str, int]
    agreement: Agreement


def export(
    codec: Codec, folder: str | os.PathLike[str], *, to: str = "onnx", overwrite: bool = False
) -> Exported:
    """Write a codec as a folder that runs without vocable, once it has been compared with ours.

    to: "onnx" for onnxruntime, "torch" for `torch.export.load`. overwrite: replace a folder that
    holds an exported codec. Raises ModelError for a codec that no graph holds, naming why, and for
    packages that are missing; FileExistsError for a folder that is there.
    """
    writer, target = _writer(to), Path(folder)
    _check_exports(codec)
    _check_target(target, overwrite=overwrite)
    with new_folder(target, overwrite=overwrite) as fresh, plain_settings():
        graphs = graphs_of(copy.deepcopy(evaluation_twin(codec.model)).cpu().requires_grad_(False))
        paths = {graph: _written(codec, writer, graph, fresh) for graph in graphs}
        files = [(graph, path.name, path.stat().st_size) for graph, path in paths.items()]
        facts = describe(codec, to, files)
        (fresh / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        (fresh / "README.md").write_text(readme(facts), encoding="utf-8")
        agreement = compare(codec, {graph: writer.run(path) for graph, path in paths.items()})
    return Exported(target, {name: size for _, name, size in files}, agreement)


def _written(codec: Codec, writer: ModuleType, graph: Graph, folder: Path) -> Path:
    """Write one file; what torch cannot record is refused in one line."""
    try:
        path: Path = writer.write(graph, folder)
    except (ModelError, OSError, MemoryError):
        raise
    except Exception as error:  # torch raises some twenty kinds
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"{codec.name}: its {graph.file} does not export ({reason})") from error
    return path


def _writer(to: str) -> ModuleType:
    if to not in FORMATS:
        raise ModelError(f'no format "{to}" to export to; {nearest(to, sorted(FORMATS))}')
    missing = [name for name in PACKAGES if to == "onnx" and find_spec(name) is None]
    if missing:
        raise ModelError(
            f'export to onnx needs the package {missing[0]}: pip install "vocable[export]"'
        )
    return FORMATS[to]


def not_exported(model: CodecModel) -> str:
    """Return why no graph of tensors in, tensors out can hold a model; empty where one can."""
    if model.spec.segment:
        return "it codes overlapping segments one by one, which a graph of fixed operators does not"
    if model.spec.latent is not None:
        return "its tokens are floats, and the graphs take codes"
    if model.spec.sides:
        return f"its tokens have the side {model.spec.sides[0].name} beside the codes"
    return model.not_exported


def _check_exports(codec: Codec) -> None:
    """Refuse a codec that no graph can hold."""
    if why := not_exported(codec.model):
        raise ModelError(f"{codec.name} is not exported: {why}")


def _check_target(target: Path, *, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target}: there is no folder {target.parent}; make it first")
    if not target.exists():
        return
    if not overwrite:
        raise FileExistsError(
            f"{target} exists; take another name, or overwrite=True (--force) to replace it"
        )
    if not _is_exported(target):
        raise FileExistsError(f"{target} is not an exported codec; take another name")


def _is_exported(folder: Path) -> bool:
    """Say whether a folder holds what `export` has written, and so may be replaced."""
    try:
        facts: Any = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(facts, dict) and facts.get("format") == FORMAT
