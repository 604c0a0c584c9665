"""Put a report together: one page of HTML that needs nothing else, from nowhere."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from importlib import resources

from vocable.atomic import replacing
from vocable.evaluate.report.asked import asked, opening
from vocable.evaluate.report.codebooks import codebooks
from vocable.evaluate.report.differences import differences, ranks
from vocable.evaluate.report.doubts import doubts
from vocable.evaluate.report.excerpts import Originals, ReadTokens, Sounds, fetch, fitted
from vocable.evaluate.report.markup import Markup, joined, tag
from vocable.evaluate.report.missing import missing
from vocable.evaluate.report.picks import chosen
from vocable.evaluate.report.plots import plots
from vocable.evaluate.report.reading import methods, reading
from vocable.evaluate.report.scores import scores
from vocable.evaluate.report.sheets import downloads
from vocable.evaluate.report.sounds import players
from vocable.evaluate.report.speech import has_speech, speech
from vocable.evaluate.summary.values import Summary
from vocable.evaluate.sweep import Study


def write_report(
    study: Study,
    summary: Summary,
    target: str | os.PathLike[str],
    *,
    sounds: Sounds,
    originals: Originals,
    tokens: ReadTokens,
    overwrite: bool = False,
) -> None:
    """Write the report of a study as one HTML file, whole or not at all; equal input, equal bytes.

    sounds: what a system made of a recording, asked for each of `picks(study)`. originals: a
    recording by its hash. tokens: by the hash that names them. Where one of these raises, the page
    says so in its place. Raises FileExistsError if the target exists and `overwrite` is not set.
    """
    with replacing(target, overwrite=overwrite) as fresh:
        found = fitted(fetch(chosen(study), sounds, originals, tokens))
        sections = _sections(study, summary, joined(players(study, found)))
        fresh.write_text(_page(study, summary, list(sections)), encoding="utf-8")


def _sections(study: Study, summary: Summary, audible: Markup) -> Iterator[tuple[str, str, Markup]]:
    """Yield what the page holds, each with its anchor and title."""
    yield "asked", "What was asked", asked(study)
    yield "scores", "Scores", joined(scores(study, summary))
    yield "plots", "Quality over bitrate", joined(plots(study, summary))
    yield "differences", "Which differ", _compared(study, summary)
    if has_speech(summary):
        yield "speech", "Words and voices", joined(speech(summary))
    yield "sounds", "Seen and heard", audible
    yield "codebooks", "Tokens", joined(codebooks(summary))
    yield "missing", "What is missing", joined(missing(summary))
    yield "reading", "How to read this", reading(study)
    yield "methods", "How it was found", methods()
    yield "figures", "All figures", downloads(summary)


def _compared(study: Study, summary: Summary) -> Markup:
    pairs, orders = [*differences(study, summary)], [*ranks(study, summary)]
    if not pairs:
        return tag("p", "There are no two systems to compare.", class_="note")
    return joined([tag("h3", "Pairs of systems"), *pairs, tag("h3", "The order"), *orders])


def _page(study: Study, summary: Summary, sections: list[tuple[str, str, Markup]]) -> str:
    links = [tag("a", title, href=f"#{anchor}") for anchor, title, _ in sections]
    body = [tag("header", opening(study), tag("nav", *links)), doubts(summary)]
    body += [
        tag("section", tag("h2", title), inside, id=anchor) for anchor, title, inside in sections
    ]
    style, script = _shipped("style.css"), _shipped("comforts.js")
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", "How good the codecs are, and how sure that is"),
        tag("style", style),
    ]
    main = tag("body", tag("main", *body), tag("script", script))
    return f"<!DOCTYPE html>\n{tag('html', tag('head', *head), main, lang='en')}\n"


def _shipped(name: str) -> Markup:
    """Return a file that comes with this module."""
    return Markup(resources.files(__package__).joinpath(name).read_text("utf-8"))


def _policy(style: str, script: str) -> str:
    """Return what a browser may do with the page: show what is in it, and run one known script."""
    return (
        "default-src 'none'; img-src data:; media-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    )


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
