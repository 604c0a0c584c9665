#!/bin/sh
# torch 2.13.0: an optimizer with `fused=True` changes the weights without counting it.
#
# torch counts changes of a tensor in place, in `tensor._version`; autograd refuses a backward pass
# whose saved tensors have changed since by that count, and whoever keeps something made of a weight
# (a table, a cast, a packed copy) can tell by it whether it is still true. The fused steps of SGD,
# Adam and AdamW leave the count where it was; the same optimizers with `foreach` or without either
# raise it. So the gradient of a loss of before the step is refused in the one case, and is silently
# that of the new weights in the other.
#
# Seen on 2026-11-29:
#     SGD    fused: weight changed, version +0   foreach: weight changed, version +1
#     Adam   fused: weight changed, version +0   foreach: weight changed, version +1
#     AdamW  fused: weight changed, version +0   foreach: weight changed, version +2
#     backward through the old weights: fused: no error   foreach: RuntimeError
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/env/bin/python" - <<'PY'
import torch


def step(kind, how):
    weight = torch.nn.Parameter(torch.ones(3))
    x = torch.ones(3, requires_grad=True)
    optimizer = kind([weight], lr=0.5, **{how: True})
    old = (x * weight).square().sum()  # its backward pass needs the weights as they are now
    weight.sum().backward()
    version = weight._version
    optimizer.step()
    try:
        old.backward()
        refused = "no error"
    except RuntimeError as error:
        refused = type(error).__name__
    return bool((weight != 1).all()), weight._version - version, refused


found = {}
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
    line = []
    for how in ("fused", "foreach"):
        changed, versions, refused = found[kind, how] = step(kind, how)
        line.append(f"{how}: weight {'changed' if changed else 'kept'}, version +{versions}")
    print(f"{kind.__name__:<6} {'   '.join(line)}")
say = [f"{how}: {found[torch.optim.SGD, how][2]}" for how in ("fused", "foreach")]
print("backward through the old weights:", "   ".join(say))
fused = {result for (_, how), result in found.items() if how == "fused"}
others = [result for (_, how), result in found.items() if how == "foreach"]
counted = all(c and v > 0 and r == "RuntimeError" for c, v, r in others)
if fused != {(True, 0, "no error")} or not counted:
    raise SystemExit("fused optimizers now count their changes, or the others do not")
PY
