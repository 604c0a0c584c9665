"""Lay out the plots of quality over bitrate: of each set by its main measure, then the others."""

from __future__ import annotations

from vocable.evaluate.report.markup import Markup, tag
from vocable.evaluate.report.picks import main_measure
from vocable.evaluate.report.rate_plot import Plot
from vocable.evaluate.summary.values import Summary
from vocable.evaluate.sweep import Study
from vocable.evaluate.systems import CONTROL
from vocable.measures.registry import find

_HOW = (
    "Bars are 95 % intervals. Points of one family are joined in order of their rates; lines "
    "across are controls. The axis of rates is logarithmic."
)


def plots(study: Study, summary: Summary) -> list[Markup]:
    """Return the plots of all sets."""
    drawers = [_Drawer(study, summary, name) for name in study.sets]
    found = [
        tag("div", *(each.main() for each in drawers), class_="plots"),
        tag("p", _HOW, class_="note"),
    ]
    more = [plot for each in drawers for plot in each.others()]
    if more:
        heading = tag("summary", f"The other measures, {len(more)} plots")
        found.append(tag("details", heading, tag("div", *more, class_="plots")))
    return found


class _Drawer:
    def __init__(self, study: Study, summary: Summary, of_set: str) -> None:
        self.name = of_set
        self.rows = [row for row in summary.rows if row.set == of_set]
        names = [name for name in study.families() if name != CONTROL]
        self.families = {name: number for number, name in enumerate(names)}
        self.first = main_measure(study, of_set)
        self.measures = [each for each in study.measures.get(of_set, ()) if each != self.first]

    def main(self) -> Markup:
        """Return the plot by the main measure, or why there is none."""
        if not self.first:
            return tag("p", f"{self.name}: no measure has a value.", class_="note")
        plot = self._plot(self.first)
        return self._drawn(plot) if plot.points else self._without_rate(plot)

    def others(self) -> list[Markup]:
        """Return the plots by other measures, as far as there are points."""
        plots = map(self._plot, self.measures)
        return [self._drawn(plot) for plot in plots if plot.points]

    def _plot(self, measure: str) -> Plot:
        return Plot(find(measure), self.rows, self.families)

    def _drawn(self, plot: Plot) -> Markup:
        better = {"up": ", up is better", "down": ", down is better", None: ""}
        unit = f" [{plot.kind.unit}]" if plot.kind.unit else ""
        title = f"{self.name}: {plot.kind.name}{unit}{better[plot.kind.direction]}"
        return tag("div", plot.draw(title), self._without_rate(plot))

    def _without_rate(self, plot: Plot) -> Markup:
        names = plot.without_rate()
        if not names:
            return Markup()
        return tag("p", f"Not drawn, of unknown bitrate: {', '.join(names)}.", class_="note")
