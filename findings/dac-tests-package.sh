#!/bin/sh
# descript-audio-codec 1.0.0
# A guess: `python -m tests.check`, started beside the folder tests, runs tests/check.py, whatever
# is installed: the current folder comes first.
# What happens: the package installs its own tests, as a package `tests` beside `dac`. A folder
# without __init__.py counts only if no package of its name is anywhere on the path.
# Seen on 2026-11-28: it installs tests/__init__.py, tests/test_cli.py and tests/test_train.py;
#       tests.check is found before that, and not after; with an __init__.py it is found.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
mkdir -p "$folder/project/tests"
cd "$folder/project"
echo 'print("found")' >tests/check.py
run() {
  "$python" -m tests.check 2>/dev/null || echo "not found"
}
before=$(run)
"$python" -m pip --quiet --disable-pip-version-check install --no-deps descript-audio-codec==1.0.0
"$python" - <<'END'
from importlib.metadata import files

found = [str(path) for path in files("descript-audio-codec") if path.parts[0] == "tests"]
print("installed:", *(path for path in found if path.endswith(".py")))
END
after=$(run)
touch tests/__init__.py
package=$(run)
echo "tests.check: before $before, after $after, with an __init__.py $package"
if [ "$before, $after, $package" != "found, not found, found" ]; then
  echo "changed: see the top of this script" >&2
  exit 1
fi
