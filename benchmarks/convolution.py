"""Measure the forms of a convolution along time: ours, and those that lost.

    python -m benchmarks.convolution [--rounds 9]

All forms take their turn in every round, in one thread; the table has medians of their CPU time.
Each form is first checked against ours. Few rows meet weights that lie in no cache, as in a net.

ours        what a session takes: packed weights, or the fastest of the others
image       conv2d over the free channels-last view
product     one matrix product over copied windows
turned      conv1d, with the turns from rows to channels and back
gathered    a transposed convolution as a convolution to stride × channels
scattered   conv_transpose1d, with the turns
windows     depthwise: the product of all windows, and one sum
shifted     depthwise: one shifted product per tap, added up
"""

import argparse
import itertools
import statistics
import time
from functools import partial

import torch
import torch.nn.functional as F

from benchmarks.machine import describe
from vocable.nn.conv import FEW_DEPTHWISE, convolve
from vocable.nn.packed import PackedWeight
from vocable.nn.settings import ordinary_tensors
from vocable.nn.transposed import from_torch

# channels in and out, kernel, stride, dilation, and whose they are
DENSE = [
    (64, 64, 3, 1, 1, "SEANet unit"),
    (128, 256, 10, 5, 1, "SEANet down"),
    (512, 128, 7, 1, 1, "EnCodec out"),
    (96, 96, 7, 1, 9, "DAC unit"),
    (512, 1024, 16, 8, 1, "Mimi down"),
    (1, 64, 7, 1, 1, "Mimi in"),
    (64, 1, 3, 1, 1, "Mimi out"),
]
TRANSPOSED = [(256, 128, 10, 5), (128, 64, 8, 4)]
ROWS = (4, 100, 4000)
CACHE = 1 << 26  # bytes, more than one holds
TAPS = 7


def image(rows, weight, bias, stride=1, dilation=1, groups=1):
    """conv2d over the channels-last view."""
    view = rows.transpose(1, 2).unsqueeze(2)
    y = F.conv2d(view, weight.unsqueeze(2), bias, (1, stride), 0, (1, dilation), groups)
    return y.squeeze(2).transpose(1, 2)


def turned(rows, weight, bias, stride=1, dilation=1, groups=1):
    """conv1d, with the turns from rows to channels and back."""
    x = rows.transpose(1, 2).contiguous()
    return F.conv1d(x, weight, bias, stride, 0, dilation, groups).transpose(1, 2).contiguous()


def product(rows, weight, bias, stride=1, dilation=1):
    """One matrix product over copied windows."""
    span = (weight.shape[2] - 1) * dilation + 1
    windows = rows.unfold(1, span, stride)[..., ::dilation].flatten(2)
    return F.linear(windows, weight.flatten(1), bias)


def shifted(rows, weight, bias):
    """Depthwise: one shifted product per tap, added up."""
    count = rows.shape[1] - weight.shape[2] + 1
    y = bias
    for place, tap in enumerate(weight[:, 0].t()):
        y = torch.addcmul(y, rows[:, place : place + count], tap)
    return y


def windows(rows, weight, bias):
    """Depthwise: the product of all windows, and one sum."""
    return (rows.unfold(1, weight.shape[2], 1) * weight[:, 0]).sum(-1) + bias


def scattered(rows, weight, bias, stride):
    """conv_transpose1d, with the turns; causal rows only."""
    y = F.conv_transpose1d(rows.transpose(1, 2).contiguous(), weight, bias, stride)
    return y[..., stride : stride * rows.shape[1]].transpose(1, 2).contiguous()


def gathered(rows, weight, bias, stride):
    """A convolution to stride × channels, as ours; the weight is stored so."""
    y = convolve(rows, weight, bias.repeat(stride))
    return y.reshape(rows.shape[0], y.shape[1] * stride, -1)


def medians(calls, rounds, repeats=1):
    """Return the median CPU microseconds of each call."""
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            before = time.process_time()
            for _ in range(repeats):
                call()
            times[name].append((time.process_time() - before) / repeats * 1e6)
    return {name: statistics.median(found) for name, found in times.items()}


def agree(calls, atol=1e-4):
    """Stop where a form gives something else than the first."""
    results = {name: call() for name, call in calls.items()}
    first = next(iter(results.values()))
    for name, found in results.items():
        if float((found - first).abs().max()) > atol:
            raise SystemExit(f"{name} gives something else than {next(iter(results))}")


def show(what, found):
    """Print a row: the time of the first form, and that of the others against it."""
    (name, ours), *others = found.items()
    losing = ", ".join(f"{other} {micros / ours:.2f}" for other, micros in others)
    print(f"| {what} | {name} | {ours:.1f} | {losing} |")


def dense(rounds):
    for cin, cout, kernel, stride, dilation, whose in DENSE:
        bias = torch.randn(cout)
        for count in ROWS:
            repeats = max(1, 400 // count)
            weights = cold_weights((cout, cin, kernel), repeats)
            x = torch.randn(1, (kernel - 1) * dilation + 1 + (count - 1) * stride, cin)
            ours = [partial(convolve, packed=PackedWeight()) for _ in weights]
            forms = {name: [form] * len(weights) for name, form in FORMS.items()}
            calls = {
                name: in_turns([
                    partial(form, x, weight, bias, stride, dilation)
                    for form, weight in zip(each, weights, strict=True)
                ])
                for name, each in ({"ours": ours} | forms).items()
            }  # fmt: skip
            agree(calls, 1e-3)
            what = f"{whose}, {cin} → {cout}, k{kernel} s{stride} d{dilation}, {count} rows"
            show(what, medians(calls, rounds, repeats))


FORMS = {"image": image, "product": product, "turned": turned}


def cold_weights(shape, most):
    """Return alike weights, as many as no cache holds: a net's step meets each of its own once."""
    cin = shape[1] * shape[2]
    weight = torch.randn(shape) / cin**0.5
    count = min(most, CACHE // weight.nbytes + 1)
    with ordinary_tensors():  # those of inference mode are never packed
        return [weight.clone() for _ in range(count)]


def in_turns(calls):
    """Return a call that makes the next of several each time."""
    each = itertools.cycle(calls)
    return lambda: next(each)()


def transposed(rounds):
    for cin, cout, kernel, stride in TRANSPOSED:
        theirs, bias = torch.randn(cin, cout, kernel) / (2 * cin) ** 0.5, torch.randn(cout)
        weight = from_torch(theirs, stride)
        for count in ROWS:
            x = torch.randn(1, count + 1, cin)
            calls = {
                "gathered": lambda x=x: gathered(x, weight, bias, stride),  # noqa: B023
                "scattered": lambda x=x: scattered(x, theirs, bias, stride),  # noqa: B023
            }
            agree(calls)
            what = f"transposed, {cin} → {cout}, k{kernel} s{stride}, {count} rows"
            show(what, medians(calls, rounds, max(1, 400 // count)))


def depthwise(rounds, channels=256):
    weight, bias = torch.randn(channels, 1, TAPS), torch.randn(channels)
    for count in ROWS:
        x = torch.randn(1, count + TAPS - 1, channels)
        calls = {
            "image": lambda x=x: image(x, weight, bias, groups=channels),
            "windows": lambda x=x: windows(x, weight, bias),
            "shifted": lambda x=x: shifted(x, weight, bias),
        }
        agree(calls)
        ours = "windows" if x.shape[1] <= FEW_DEPTHWISE else "image"
        calls = {ours: calls.pop(ours)} | calls
        what = f"depthwise k{TAPS}, {channels} channels, {count} rows"
        show(what, medians(calls, rounds, max(1, 400 // count)))


def training(rounds, batch=4, count=128, channels=256):
    """Forward and backward of a depthwise convolution, in fp32 and under bf16 autocast."""
    weight = torch.randn(channels, 1, TAPS, requires_grad=True)
    bias = torch.randn(channels, requires_grad=True)
    x = torch.randn(batch, count + TAPS - 1, channels, requires_grad=True)

    def learn(form, low, **options):
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            y = form(x, weight, bias, **options)
        torch.autograd.grad(y, (x, weight, bias), torch.ones_like(y))

    calls = {
        "image, fp32": lambda: learn(image, False, groups=channels),
        "image, bf16": lambda: learn(image, True, groups=channels),
        "turned, fp32": lambda: learn(turned, False, groups=channels),
        "shifted, fp32": lambda: learn(shifted, False),
    }
    what = f"depthwise k{TAPS}, {channels} channels, {batch} × {count} rows, with gradients"
    show(what, medians(calls, rounds, 4))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print("| layer | ours | µs | others, time / ours |")
    print("| --- | --- | --- | --- |")
    with torch.inference_mode():
        for table in (dense, transposed, depthwise):
            table(options.rounds)
    training(options.rounds)
    print(f"\n{describe(threads=1)}")


if __name__ == "__main__":
    main()
