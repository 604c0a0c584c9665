"""No files import each other in a circle, not even inside functions or for type checkers alone.

A file in a circle cannot be read, tested or moved without the others. All import statements count,
wherever they stand; names that a package loads on first use (PEP 562, with the module's name as a
string) do not, nor does the package that Python loads before its submodule.
"""

import ast
from pathlib import Path

import vocable

SOURCE = Path(vocable.__file__).parent


def test_no_files_import_in_a_circle():
    graph = import_graph(SOURCE)
    assert len(graph) > 100
    assert circles(graph) == []


def test_a_circle_is_found_wherever_the_imports_stand(tmp_path):
    made_up = {
        "__init__.py": "def __getattr__(name):\n    return import_module('house.' + name)",
        "hall.py": "def enter():\n    from . import kitchen",
        "kitchen/__init__.py": "from .stove import heat",
        "kitchen/stove.py": "if TYPE_CHECKING:\n    from ..cellar import Coal",
        "cellar.py": "import house.hall",
        "attic.py": "from house import hall\nfrom house.cellar import Coal\nimport numpy",
        "roof.py": "from . import tiles",
    }
    (tmp_path / "house" / "kitchen").mkdir(parents=True)
    for name, text in made_up.items():
        (tmp_path / "house" / name).write_text(text)
    graph = import_graph(tmp_path / "house")
    circle = {"house.hall", "house.kitchen", "house.kitchen.stove", "house.cellar"}
    assert circles(graph) == [circle]
    assert graph["house.attic"] == {"house.hall", "house.cellar"}
    assert graph["house.roof"] == {"house"}  # `tiles` is a name in the package, not a file


def import_graph(package: Path) -> dict[str, set[str]]:
    """Return for each module of a package the modules of the same package that it imports."""
    modules = {module_name(path, package): path for path in package.rglob("*.py")}
    return {
        name: {target for node in imports(path) for target in targets(node, name, path, modules)}
        - {name}
        for name, path in modules.items()
    }


def module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def targets(
    node: ast.Import | ast.ImportFrom, name: str, path: Path, modules: dict[str, Path]
) -> set[str]:
    """Return the modules that one statement in module `name` names."""
    if isinstance(node, ast.Import):
        found = {alias.name for alias in node.names}
    else:
        parts = name.split(".")
        up = node.level - (path.name == "__init__.py")
        base = parts[: len(parts) - up] if node.level else []
        origin = ".".join([*base, node.module] if node.module else base)
        names = {f"{origin}.{alias.name}" for alias in node.names}
        found = {each if each in modules else origin for each in names}
    return found & modules.keys()


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Return the strongly connected components: sets of modules that reach each other."""
    reached = {name: reachable(name, graph) for name in graph}
    found: list[set[str]] = []
    for name in sorted(graph):
        if name in reached[name] and not any(name in circle for circle in found):
            found.append({other for other in reached[name] if name in reached[other]})
    return found


def reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    """Return all modules that `start` imports, directly or through others."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph[name]
    return seen
