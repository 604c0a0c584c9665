#!/bin/sh
# torch 2.13.0
# A guess: after `destroy_process_group` nothing of the group is left, its threads neither.
# What happens: `torch.distributed.nn` has the group of the time of its import as the default of its arguments,
# and building any optimizer imports it. A script that joins the group first keeps it, with three gloo threads,
# until the interpreter ends, which may then end with an error of one of them.
# Seen on 2026-11-29: an optimizer built after `init_process_group` leaves 3 threads; with
#       `torch.distributed.nn` imported before, none.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"${PYTHON:-python3}" -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip --quiet --disable-pip-version-check install torch==2.13.0 numpy==2.4.6 \
  psutil==7.2.2
cat > "$folder/join.py" <<'END'
import sys

import psutil
import torch
import torch.distributed as dist

first, meeting = sys.argv[1:]
if first == "nn":
    import torch.distributed.nn
torch.set_num_threads(1)
threads = psutil.Process().num_threads
before = threads()
dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=0, world_size=1)
dist.barrier()
weight = torch.nn.Parameter(torch.ones(2))
torch.optim.SGD([weight])
dist.destroy_process_group()
print(threads() - before)
END
kept=$("$python" "$folder/join.py" group "$folder/one")
free=$("$python" "$folder/join.py" nn "$folder/two")
echo "threads left: $kept; with torch.distributed.nn imported first: $free"
if [ "$kept" -lt 1 ] || [ "$free" -ne 0 ]; then
  echo "changed: see the top of this script"
  exit 1
fi
