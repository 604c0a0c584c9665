#!/bin/sh
# tokenizers 0.23.3
# A guess: BpeTrainer(max_token_length=N) learns tokens of up to N characters, as its documentation
# has it: none longer than N.
# What happens: none has N characters or more, except that pairs of two are learnt with N = 2 too.
# Seen on 2026-11-29: rows of 24 equal letters and another one: the longest token has 2, 2, 3, 5, 8 and 12
#       characters with N = 2, 3, 4, 6, 9 and 13; letters of three bytes give the same.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install tokenizers==0.23.3
"$python" - <<'END'
import sys

from tokenizers import Tokenizer, models, trainers

seen = {}
for letters in ("ab", "\u4e00\u4e01"):
    rows = [letters[0] * count + letters[1] for count in range(1, 25)] * 4
    for most in (2, 3, 4, 6, 9, 13):
        tokenizer = Tokenizer(models.BPE())
        trainer = trainers.BpeTrainer(
            vocab_size=500, min_frequency=2, max_token_length=most, show_progress=False
        )
        tokenizer.train_from_iterator(rows, trainer)
        seen.setdefault(most, []).append(max(map(len, tokenizer.get_vocab())))
print(seen)
if any(found != [max(2, most - 1)] * 2 for most, found in seen.items()):
    sys.exit("changed: see the top of this script")
END
