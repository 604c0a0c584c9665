"""Draw points and lines that are told apart by shape, and by colour too.

Colours are those of Okabe and Ito, which the colour-blind tell apart; the page's style has them, as
classes c0 to c6, lighter on a dark page.
"""

from __future__ import annotations

from vocable.evaluate.report.markup import Markup, tag

COLOURS = 7
_SHAPES = (
    "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",  # circle
    "M-3.6,-3.6h7.2v7.2h-7.2z",  # square
    "M0,-4.8L4.6,3.4L-4.6,3.4z",  # triangle
    "M0,-5L5,0L0,5L-5,0z",  # diamond
    "M0,4.8L4.6,-3.4L-4.6,-3.4z",  # triangle, upside down
    "M-1.5,-5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",  # plus
    "M0,-5L1.4,-1.6L5,-1.5L2.2,0.8L3.1,4.4L0,2.4L-3.1,4.4L-2.2,0.8L-5,-1.5L-1.4,-1.6z",  # star
    "M-5,-2L-2,-5h4L5,-2v4L2,5h-4L-5,2z",  # octagon
)
_DASHES = ("6 3", "2 3", "9 3 2 3", "1 4", "12 4", "4 2 1 2")


def colour(number: int) -> str:
    """Return the class of the colour of the family of this number."""
    return f"c{number % COLOURS}"


def point(number: int, x: float, y: float, title: str = "") -> Markup:
    """Return the point of a family, with what it says when it is pointed at."""
    shape = _SHAPES[number % len(_SHAPES)]
    inside = [tag("title", title)] if title else []
    place = f"translate({x:.1f} {y:.1f})"
    return tag("path", *inside, d=shape, class_=f"point {colour(number)}", transform=place)


def level(number: int, x: tuple[float, float], y: float) -> Markup:
    """Return the line of a control, across a plot."""
    ends = {"x1": f"{x[0]:.1f}", "x2": f"{x[1]:.1f}", "y1": f"{y:.1f}", "y2": f"{y:.1f}"}
    return tag("line", class_="level", stroke_dasharray=_DASHES[number % len(_DASHES)], **ends)


def swatch(inside: Markup) -> Markup:
    """Return a small picture of a mark, drawn about (13, 6), for legends."""
    return tag("svg", inside, viewBox="0 0 26 12", class_="swatch", aria_hidden="true")
