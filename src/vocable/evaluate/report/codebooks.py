"""Show how tokens are used: bitrates counted in several ways, and the health of each codebook."""

from __future__ import annotations

from collections.abc import Iterator

from vocable.evaluate.report.figures import NONE, kbps, number
from vocable.evaluate.report.markup import Markup, joined, tag
from vocable.evaluate.report.tables import folded, table
from vocable.evaluate.summary.values import Summary
from vocable.evaluate.token_use import LevelUse, TokenUse
from vocable.tokens.spec_parts import level_name

_RATES = ("nominal", "entropy", "coded")
_LANGUAGE = "language"


def codebooks(summary: Summary) -> Iterator[Markup]:
    """Yield the bitrates of all systems with tokens, then the levels of each."""
    if not summary.use:
        yield tag("p", "No system gives tokens.", class_="note")
        return
    modelled = any(use.bitrates.language is not None for use in summary.use.values())
    names = (*_RATES, _LANGUAGE) if modelled else _RATES
    rows = [
        [f"{system}, {of_set}", *(_rate(use, name) for name in names), _tokens(use)]
        for (of_set, system), use in summary.use.items()
    ]
    yield table(["system, set", *names, "tokens"], rows, "Bitrates of the tokens, kbit/s")
    for (of_set, system), use in _widest(summary):
        yield folded(f"{system}, {of_set}: {_worst(use)}", _levels(use))


def _widest(summary: Summary) -> list[tuple[tuple[str, str], TokenUse]]:
    """Return, of each set and space, the system with most levels: those of others are its first."""
    found: dict[tuple[str, str], tuple[tuple[str, str], TokenUse]] = {}
    for key, use in summary.use.items():
        known = found.get((key[0], use.spec.space))
        if known is None or len(known[1].levels) < len(use.levels):
            found[key[0], use.spec.space] = key, use
    return list(found.values())


def _rate(use: TokenUse, name: str) -> Markup:
    rate: float | None = getattr(use.bitrates, name)
    text = kbps(rate)
    return (
        number(None) if rate is None or text == NONE else tag("data", text, value=repr(rate / 1000))
    )


def _tokens(use: TokenUse) -> str:
    return f"{sum(level.tokens for level in use.levels):,}"


def _worst(use: TokenUse) -> str:
    least = min(use.levels, key=lambda level: level.used)
    several = f"least use of {len(use.levels)} levels" if len(use.levels) > 1 else "use"
    return f"{several} {least.used:.0%}"


def _levels(use: TokenUse) -> Markup:
    rows = [
        [
            level_name(k, level.level),
            f"{level.level.size:,}",
            joined([number(100 * level.used, 1), _bar(level.used)]),
            joined([number(level.perplexity, 0), _bar(level.perplexity / level.level.size)]),
            _entropy(level),
            number(100 * level.repeat_rate, 1),
            f"{level.tokens:,}",
        ]
        for k, level in enumerate(use.levels)
    ]
    headings = ["level", "entries", "used, %", "perplexity", "entropy, bit", "repeats, %", "tokens"]
    return table(headings, rows)


def _entropy(level: LevelUse) -> Markup:
    """Return the entropy of those bits that there are, and by how much it is too low."""
    bias = level.entropy_bias
    low = [tag("small", f"at least {bias:.2f} too low", class_="few")] if bias >= 0.05 else []
    of = tag("small", f"of {float(level.level.bits):.2f}")
    return joined([number(level.entropy, 2), of, *low])


def _bar(share: float) -> Markup:
    """Return a bar that is full for a share of 1."""
    full = tag("rect", width=60, height=6, class_="frame")
    part = tag("rect", width=f"{60 * min(1.0, share):.1f}", height=6)
    return tag("svg", part, full, viewBox="0 0 60 6", class_="bar", aria_hidden="true")
