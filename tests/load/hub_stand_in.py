"""A stand-in of the model hub, on this machine: the part of its HTTP interface that downloads use.

It serves `/OWNER/NAME/resolve/REVISION/FILE`, whole or from a byte on, and answers what is missing
as the hub does, by a status and a header.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

Body = bytes


@dataclass
class Repository:
    """Files by name, at one commit; `revisions` are the names of that commit."""

    files: dict[str, Body]
    commit: str = "c0" * 20
    revisions: set[str] = field(default_factory=lambda: {"main"})

    def knows(self, revision: str) -> bool:
        return revision == self.commit or revision in self.revisions


@dataclass
class StandIn:
    """What the hub holds, what it was asked, and how it misbehaves.

    cut: bytes after which every answer breaks off. status: what it answers to everything.
    """

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, range
    cut: int | None = None
    status: int | None = None

    def put(self, name: str, files: dict[str, Body], **more: object) -> Repository:
        """Let a repository hold these files."""
        self.repositories[name] = Repository(files, **more)  # type: ignore[arg-type]
        return self.repositories[name]

    def downloads(self) -> list[str]:
        """The names of the files that were sent, in order."""
        return [path.rpartition("/")[2] for method, path, _ in self.asked if method == "GET"]


@contextmanager
def serving() -> Iterator[StandIn]:
    """Serve until the body ends."""
    hub = StandIn()

    class Handler(_Handler):
        held = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    held: StandIn
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""

    def _answer(self, *, body: bool) -> None:
        hub = self.held
        if "/resolve/" not in self.path:  # what its client asks beside files
            return self._refuse(404, "")
        hub.asked.append((self.command, unquote(self.path), self.headers.get("Range", "")))
        if hub.status is not None:
            return self._refuse(hub.status, "")
        owner, name, verb, revision, file = unquote(self.path).lstrip("/").split("/", 4)
        repository = hub.repositories.get(f"{owner}/{name}")
        if f"{owner}/{name}" in hub.gated:
            return self._refuse(403, "GatedRepo")
        if repository is None or verb != "resolve":
            return self._refuse(401, "RepoNotFound")  # as the hub does, which tells no names
        if not repository.knows(revision):
            return self._refuse(404, "RevisionNotFound")
        if file not in repository.files:
            return self._refuse(404, "EntryNotFound", repository.commit)
        self._send(repository, repository.files[file], body)

    def _send(self, repository: Repository, data: Body, body: bool) -> None:
        start = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", repository.commit)
        self.end_headers()
        if body:
            cut = self.held.cut
            self.wfile.write(data[start : len(data) if cut is None else start + cut])
            self.close_connection = cut is not None

    def _refuse(self, status: int, code: str, commit: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if code:
            self.send_header("X-Error-Code", code)
        if commit:
            self.send_header("X-Repo-Commit", commit)
        self.end_headers()
