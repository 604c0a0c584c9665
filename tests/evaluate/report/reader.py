"""Read a page back: its elements, texts and tables; every element has to be closed in its place."""

import base64
from html.parser import HTMLParser

VOID = {"meta", "br", "wbr", "img"}


class Reader(HTMLParser):
    """Elements in order with their attributes, and tables as rows of cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.values: list[list[list[str]]] = []  # of <data> in cells, as `tables`
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        assert len(known) == len(attrs), f"<{tag}> has an attribute twice: {attrs}"
        self.elements.append((tag, known))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
            self.values.append([])
        if tag == "tr":
            self.tables[-1].append([])
            self.values[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.values[-1][-1].append("")
        if tag == "data":
            self.values[-1][-1][-1] = known["value"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if "td" in self.open[-4:] or "th" in self.open[-4:]:
            self.tables[-1][-1][-1] += data

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.elements]

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def table(self, heading: str) -> int:
        """Return the number of the first table with a column of this heading."""
        return next(n for n, rows in enumerate(self.tables) if heading in rows[0])

    def files(self) -> dict[str, str]:
        """Return the texts that links hold, by their names."""
        links = [known for name, known in self.elements if name == "a" and "download" in known]
        return {known["download"]: from_uri(known["href"]).decode() for known in links}


def from_uri(uri: str) -> bytes:
    return base64.b64decode(uri.partition("base64,")[2], validate=True)
