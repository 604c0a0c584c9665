#!/bin/sh
# num2words 0.5.14
# A guess: German numbers are right where English ones are.
# What happens: "ein" is "eins" inside a word wherever 1 ends the hundreds before a thousand or a million, and where
# it begins the hundreds of a year: sechshunderteinstausend, fünfhunderteins Millionen, einshundertfünf. It is
# sechshunderteintausend, fünfhunderteine Millionen, einhundertfünf. Numbers such as 1001 and 21 million are right.
# Seen on 2026-11-29: the words below.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install num2words==0.5.14
"$python" - <<'END'
import sys

from num2words import num2words

SEEN = {
    (601_600, "cardinal"): "sechshunderteinstausendsechshundert",
    (501_000_000, "cardinal"): "fünfhunderteins Millionen",
    (105, "year"): "einshundertfünf",
    (1001, "cardinal"): "eintausendeins",
}
for (number, kind), seen in SEEN.items():
    found = num2words(number, lang="de", to=kind)
    print(f"{number} as {kind}: {found}")
    if found != seen:
        sys.exit("changed: see the top of this script")
END
