#!/bin/sh
# huggingface_hub 2.4.0
# A guess: where the connection is refused, hf_hub_download says so at once.
# What happens: it asks six times and waits 1, 2, 4, 8 and 8 seconds in between. The question about
# a file alone, get_hf_file_metadata, is asked once.
# Seen on 2026-11-28: 23 s for hf_hub_download, 0 s for get_hf_file_metadata.
# Nothing listens at the address that is asked; it is on this machine.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install huggingface_hub==2.4.0
HF_HOME="$folder/cache" NO_PROXY=127.0.0.1 HF_HUB_VERBOSITY=error "$python" - <<'END'
import socket
import sys
import time

from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

with socket.socket() as taken:
    taken.bind(("127.0.0.1", 0))  # and does not listen
    endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"

    def ask():
        return get_hf_file_metadata(hf_hub_url("owner/name", "file.bin", endpoint=endpoint))

    def download():
        return hf_hub_download("owner/name", "file.bin", endpoint=endpoint)

    seen = {}
    for call in (ask, download):
        start = time.monotonic()
        try:
            call()
            sys.exit("changed: there is a hub where none is")
        except Exception as error:
            seen[call] = time.monotonic() - start
            print(f"{call.__name__}: {type(error).__name__} after {seen[call]:.0f} s")
if not (seen[ask] < 5 and seen[download] > 15):
    sys.exit("changed: see the top of this script")
END
