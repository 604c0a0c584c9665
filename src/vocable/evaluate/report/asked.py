"""Say what was asked: sets, recordings, speakers, systems, measures and their versions, the run."""

from __future__ import annotations

from vocable.evaluate.report.figures import counted
from vocable.evaluate.report.markup import Markup, joined, tag
from vocable.evaluate.report.tables import folded, table
from vocable.evaluate.sweep import Study
from vocable.evaluate.systems import CONTROL


def opening(study: Study) -> Markup:
    """Return the title, and in a sentence or two what was asked."""
    systems = len(_systems(study))
    controls = len(study.systems) - systems
    title = f"{counted(systems, 'system')} over {counted(len(study.sets), 'set')}"
    beside = f" and {counted(controls, 'control')}" if controls else ""
    told = (
        f"What {counted(systems, 'system')}{beside} made of "
        f"{counted(_recordings(study), 'recording')}, and how sure the figures are. Every mean "
        "says of how many recordings it is; its interval is of 95 % over speakers."
    )
    return joined([tag("h1", title), tag("p", told)])


def asked(study: Study) -> Markup:
    """Return the sets, the facts of the run, and what computed each measure."""
    rows = [
        [
            name,
            "speech" if name in study.speech else "other sound",
            str(study.asked(name)),
            str(len({each.speaker for each in study.of(of_set=name)})),
            _minutes(study, name),
        ]
        for name in study.sets
    ]
    sets = table(["set", "kind", "recordings", "speakers", "minutes"], rows, "Sets", names=2)
    facts = [part for fact in study.about.items() for part in _fact(*fact)]
    versions = folded("Versions of the measures", _versions(study))
    return joined([sets, tag("dl", *facts) if facts else Markup(), versions])


def _fact(name: str, value: str) -> tuple[Markup, Markup]:
    return tag("dt", name), tag("dd", tag("code", value) if name == "command" else value)


def _systems(study: Study) -> list[str]:
    controls = {each.system for each in study.results if each.family == CONTROL}
    return [each for each in study.systems if each not in controls]


def _recordings(study: Study) -> int:
    return sum(study.asked(name) for name in study.sets)


def _minutes(study: Study, of_set: str) -> str:
    lengths = {each.recording: each.seconds for each in study.of(of_set=of_set)}
    return f"{sum(lengths.values()) / 60:.1f}"


def _versions(study: Study) -> Markup:
    found: dict[str, set[str]] = {}
    for result in study.results:
        for measure, version in result.versions.items():
            found.setdefault(measure, set()).add(version)
    rows = [[measure, "; ".join(sorted(versions))] for measure, versions in sorted(found.items())]
    return table(["measure", "version"], rows, names=2)
