"""Figures of a report, drawn for light and for dark, and the headings that its table of contents lists."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plotly.io.json import to_json_plotly

from jobs.report.markup import attribute, visible

Draw = Callable[[str], Any]
"""A chart for a theme, `light` or `dark`."""
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Heading:
    """A part of a section in the table of contents: its anchor and its title, plain text."""

    name: str
    title: str


class Figures:
    """Turns charts into HTML; each gets an id of its own, so that a report of the same values is the same text."""

    def __init__(self) -> None:
        self._n = 0
        self._headings: list[Heading] = []

    def html(self, draw: Draw, alt: str) -> str:
        """The chart in both themes as data, of which the page's script draws the one that the reader's system asks for."""
        self._n += 1
        charts = {theme: draw(theme) for theme in THEMES}
        # Every "<" and "/" is written as its code point, so no name can end the element.
        data = to_json_plotly({theme: chart.to_plotly_json() for theme, chart in charts.items()})
        height = f"{charts[THEMES[0]].layout.height:.0f}px"
        return (
            f'<figure class="mw-figure" role="img" aria-label="{attribute(alt)}"><div id="figure-{self._n}" style="height: {height}"></div>'
            f'<script type="application/json">{data}</script></figure>'
        )

    def heading(self, title: str) -> str:
        """A heading within the present section, to be listed in the table of contents; `title` is plain text of anybody."""
        self._n += 1
        self._headings.append(Heading(f"part-{self._n}", title))
        return f'<h3 id="part-{self._n}">{visible(title)}</h3>'

    def take_headings(self) -> tuple[Heading, ...]:
        """The headings since the last call."""
        found, self._headings = tuple(self._headings), []
        return found
