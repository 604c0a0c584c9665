"""Time `vocable stream encode | vocable stream decode` on samples that arrive in real time.

    python -m benchmarks.latency [--codec NAME_OR_FOLDER] [--levels N] [--seconds N] [--block MS]

Two processes, joined by pipes through this one, which counts the bytes between them. After a second
of sound at once, which wakes both, 16-bit samples go in block by block when a microphone would have
them. Latency is the time from when a sample was spoken to when it comes out; of those that come out
together the first has waited longest, and it counts. "Own" is what the stream itself takes, on a
machine of no time: samples that went in before one came out, in `LiveEncoder` and `LiveDecoder`.
"""

import argparse
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO

import numpy as np

import vocable
from benchmarks.machine import describe
from benchmarks.recording import example
from benchmarks.tables import heading, row
from vocable.codecs import Codec
from vocable.codecs.live import LiveDecoder, LiveEncoder

PROGRAM = [sys.executable, "-m", "vocable", "stream"]


def main() -> None:
    """Print a Markdown table of one row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    parser.add_argument("--levels", type=int)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--block", type=float, default=10, help="ms of samples written at once")
    options = parser.parse_args()
    codec = vocable.load(options.codec)
    samples = np.resize(example(codec.spec.rate), round(options.seconds * codec.spec.rate))
    size = round(options.block * codec.spec.rate / 1000)
    first, own = of_the_stream(codec, samples, size, options.levels)
    pipes = Pipes(options.codec, codec.spec.rate, options.levels)
    waits = pipes.speak(samples, size)
    head = ["first sound after, own, ms", "latency, own, ms", "through pipes: p50", "p99", "kbit/s"]
    print(heading(head))
    cells = [first, own, *np.percentile(waits, (50, 99))]
    print(row([*(f"{value:.1f}" for value in cells), f"{pipes.kbits_per_second:.2f}"]))
    print(f"\n{options.seconds:g} s in blocks of {options.block:g} ms; {describe()}")


def of_the_stream(
    codec: Codec, samples: np.ndarray, size: int, levels: int | None
) -> tuple[float, float]:
    """Return the ms of samples before the first sound, and the longest latency in such time."""
    encoder = LiveEncoder(codec, levels=levels)
    decoder = LiveDecoder(codec, encoder.track)
    first = longest = given = 0
    for start in range(0, len(samples), size):
        for tokens in encoder.push(samples[None, start : start + size]):
            out = decoder.push(tokens, whole=True).shape[1]
            first = first or encoder.samples
            longest, given = max(longest, encoder.samples - given), given + out
    return 1000 * first / codec.spec.rate, 1000 * longest / codec.spec.rate


@dataclass
class Pipes:
    """Both commands at work; what lies between them is counted."""

    codec: str
    rate: int
    levels: int | None
    sizes: list[int] = field(default_factory=list)  # bytes of tokens
    heard: list[tuple[float, int]] = field(default_factory=list)  # when, bytes of samples
    seconds: float = 0

    def speak(self, samples: np.ndarray, size: int) -> np.ndarray:
        """Send samples in real time; return the latency in ms of each block that came out."""
        few = ["--levels", str(self.levels)] if self.levels else []
        encode = _start("encode", "--codec", self.codec, *few)
        decode = _start("decode", "--codec", self.codec)
        assert encode.stdin and encode.stdout and decode.stdin and decode.stdout
        threads = [
            threading.Thread(target=self._relay, args=(encode.stdout, decode.stdin)),
            threading.Thread(target=self._listen, args=(decode.stdout,)),
        ]
        for thread in threads:
            thread.start()
        data = np.round(samples * 2**15).clip(-(2**15), 2**15 - 1).astype("<i2").tobytes()
        _write(encode.stdin, np.resize(np.frombuffer(data, "<i2"), self.rate).tobytes())
        while sum(count for _, count in self.heard) < 1.9 * self.rate:
            if decode.poll() is not None:
                raise SystemExit("stream decode ended before it gave a second of sound")
            time.sleep(0.01)
        began = time.perf_counter()
        for start in range(0, len(data), 2 * size):
            time.sleep(max(0, began + (start / 2 + size) / self.rate - time.perf_counter()))
            _write(encode.stdin, data[start : start + 2 * size])
        encode.stdin.close()
        for thread in threads:
            thread.join()
        self.seconds = 1 + len(samples) / self.rate
        return self._latencies(began)

    @property
    def kbits_per_second(self) -> float:
        """Rate of the tokens."""
        return 8 * sum(self.sizes) / self.seconds / 1000

    def _latencies(self, began: float) -> np.ndarray:
        starts = np.cumsum([0, *(count for _, count in self.heard)])[:-1] / 2 / self.rate - 1
        times = np.array([when for when, _ in self.heard]) - began
        return 1000 * (times - starts)[starts >= 0]

    def _relay(self, source: IO[bytes], target: IO[bytes]) -> None:
        while data := source.read1(2**16):  # type: ignore[attr-defined]
            self.sizes.append(len(data))
            _write(target, data)
        target.close()

    def _listen(self, source: IO[bytes]) -> None:
        while data := source.read1(2**16):  # type: ignore[attr-defined]
            self.heard.append((time.perf_counter(), len(data)))


def _start(verb: str, *options: str) -> "subprocess.Popen[bytes]":
    line = [*PROGRAM, verb, *options]
    return subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _write(target: IO[bytes], data: bytes) -> None:
    target.write(data)
    target.flush()


if __name__ == "__main__":
    main()
