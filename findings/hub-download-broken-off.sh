#!/bin/sh
# huggingface_hub 2.4.0
# A guess: a download that broke off goes on where it stopped when it is called again, as the files
# *.incomplete in its cache suggest.
# What happens: it goes on inside one call only, and from a whole number of 10 MiB. When the call
# fails, what was received is deleted, and the next call begins with the first byte.
# Seen on 2026-11-28: of 25 MiB the first answer breaks off after 15; the same call asks from 10 MiB
#       on, and is refused (503); 0 files *.incomplete are left; the next call asks for all.
# A server on this machine stands in for the hub.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install huggingface_hub==2.4.0
cat >"$folder/show.py" <<'END'
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MIB = 1 << 20
BODY = bytes(25 * MIB)
asked = []  # from which MiB on


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def start(self, status, length):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        if status < 400:
            self.send_header("ETag", '"e7"')
            self.send_header("X-Repo-Commit", "c0" * 20)
        self.end_headers()

    def do_HEAD(self):
        self.start(200, len(BODY))

    def do_GET(self):
        first = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
        asked.append(first / MIB)
        if len(asked) == 2:
            return self.start(503, 0)
        self.start(200, len(BODY))  # the only one from a byte on is refused
        self.wfile.write(BODY if len(asked) > 2 else BODY[: 15 * MIB])
        self.close_connection = True

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
cache = Path(sys.argv[1])
os.environ |= dict(HF_HOME=str(cache), NO_PROXY="127.0.0.1", HF_HUB_DISABLE_PROGRESS_BARS="1",
                   HF_HUB_VERBOSITY="error")  # fmt: skip
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError


def download():
    endpoint = f"http://127.0.0.1:{server.server_port}"
    return Path(hf_hub_download("owner/name", "file.bin", endpoint=endpoint))


try:
    download()
    sys.exit("changed: the refused call succeeds")
except HfHubHTTPError as error:
    print("the first call:", error.response.status_code)
left = len(list(cache.rglob("*.incomplete")))
whole = download().stat().st_size == len(BODY)
print(f"asked for from MiB {asked}; files *.incomplete after the first call: {left}; "
      f"whole after the second: {whole}")
if (asked, left, whole) != ([0, 10, 0], 0, True):
    sys.exit("changed: see the top of this script")
END
"$python" "$folder/show.py" "$folder/cache"
