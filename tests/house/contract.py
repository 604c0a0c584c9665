"""Teach import-linter a table of which package may import which.

Each line of `edges` is one package of vocable and the packages that it may import directly; `*`
means all. Nothing may import a package marked `*`, and only those may import `vocable` itself (its
lazy names reach everything). A package without a line is refused, so that the table stays whole; a
line without a package is fine, since folders appear when their first file does.
"""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AllowedImports(Contract):
    """Refuse every direct import between packages that the table does not allow."""

    type_name = "allowed"
    edges = fields.ListField(subfield=fields.StringField())
    free = fields.ListField(subfield=fields.StringField(), required=False, default=[])

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Compare the graph's edges between packages with the table."""
        root = self.session_options["root_packages"][0]
        table = read_table(self.edges)
        packages = {name.split(".")[1] for name in graph.find_descendants(root)}
        faults = [f"{name} has no line in the table" for name in sorted(packages - table.keys())]
        for importer in sorted(packages & table.keys()):
            allowed = table[importer] | set(self.free)
            for module, imported in imports_of(graph, root, importer):
                if not is_allowed(importer, imported, allowed, table):
                    what = imported or root
                    faults.append(f"{module} imports {what}, which {importer} may not")
        return ContractCheck(kept=not faults, metadata={"faults": faults})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line per import that is not allowed."""
        for fault in check.metadata["faults"]:
            output.print_error(fault)


def read_table(edges: list[str]) -> dict[str, set[str]]:
    """Read `"nn -> signal"` lines as `{"nn": {"signal"}}`."""
    rows = (line.split("->") for line in edges)
    return {left.strip(): set(right.split()) for left, right in rows}


def is_allowed(importer: str, imported: str, allowed: set[str], table: dict[str, set[str]]) -> bool:
    """Return whether the table allows an edge between packages (`imported` "" is the root)."""
    if importer in (imported, "__main__"):  # `python -m vocable` is a door in front of the doors
        return True
    if "*" in table.get(imported, set()):
        return False
    return "*" in allowed or imported in allowed


def imports_of(graph: ImportGraph, root: str, package: str) -> list[tuple[str, str]]:
    """Return `(module, imported package)` for all direct imports of a package's modules."""
    top = f"{root}.{package}"
    found = []
    for module in sorted({top} | graph.find_descendants(top)):
        for target in sorted(graph.find_modules_directly_imported_by(module)):
            found.append((module, (target.split(".") + [""])[1]))
    return found
