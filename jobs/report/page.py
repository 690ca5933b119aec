"""The report as one HTML file that needs no network: plotly.js inlined once, the style sheet, all sections."""

from pathlib import Path

from plotly.offline import get_plotlyjs

from jobs.report.gather import Gathered, gather
from jobs.report.markup import visible
from jobs.report.sections import Section, sections
from jobs.stages.select import Selection
from music_core.store.connect import Store

TITLE = "MUSIC Workbench: report"
# The page may draw and nothing else: a browser refuses to fetch anything, whatever stands in it.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def build(store: Store, selection: Selection) -> tuple[str, list[str]]:
    """The HTML of a report about the selected pairs and all evaluations, and the names of its sections."""
    parts = sections(found := gather(store, selection))
    return page(found, parts), [part.name for part in parts]


def page(found: Gathered, parts: list[Section]) -> str:
    """The whole document."""
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    links = "".join(f'<a href="#{part.name}">{visible(part.title)}</a>' for part in parts)
    body = "\n".join(f'<section id="{part.name}"><h2>{visible(part.title)}</h2>\n{part.body}</section>' for part in parts)
    made = found.made_at.strftime("%Y-%m-%d %H:%M UTC")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{TITLE}</title>\n<style>\n{style}</style>\n<script>{get_plotlyjs()}</script>\n</head>\n"
        f'<body>\n<header><h1>{TITLE}</h1><p class="mw-note">{made}</p><nav aria-label="Sections">{links}</nav></header>\n'
        f"{body}\n</body>\n</html>\n"
    )
