#!/bin/sh
# webrtcvad 2.0.10, setuptools 82.0.0
# A guess: a package that was built and installed without an error can be imported.
# What happens: it imports pkg_resources to know its own version, and states no need of setuptools, which from version
# 82 on does not have pkg_resources. Speaker embeddings (Resemblyzer 0.1.4) ask for it and fail with it, also where
# setuptools was only brought by another package, as torch does.
# Seen on 2026-11-29: with setuptools 81.0.0 it is imported, with 82.0.0 it is not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
install() {
    "$python" -m pip --quiet --disable-pip-version-check install "$@"
}
install setuptools==81.0.0 wheel==0.45.1
install --no-build-isolation webrtcvad==2.0.10
"$python" -W ignore -c "import webrtcvad; print('setuptools 81: imported')"
install setuptools==82.0.0
"$python" - <<'END'
import sys

try:
    import webrtcvad
except ModuleNotFoundError as error:
    print(f"setuptools 82: {error}")
    if error.name != "pkg_resources":
        sys.exit("changed: see the top of this script")
else:
    sys.exit("changed: see the top of this script")
END
