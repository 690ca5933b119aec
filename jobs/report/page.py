"""The report as one HTML file that needs no network: plotly.js inlined once, style sheet and script, contents, all sections."""

from pathlib import Path

from plotly.offline import get_plotlyjs

from jobs.report.gather import Gathered, gather
from jobs.report.markup import shorten, visible
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
    here = Path(__file__).parent
    style, script = ((here / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    body = "\n".join(_section(part) for part in parts)
    made = found.made_at.strftime("%Y-%m-%d %H:%M UTC")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{TITLE}</title>\n<style>\n{style}</style>\n<script>{get_plotlyjs()}</script>\n</head>\n"
        f'<body>\n<a class="mw-skip" href="#{parts[0].name}">Skip the contents</a>\n'
        f'<header><h1>{TITLE}</h1><p class="mw-note">{made}</p>{_contents(parts)}</header>\n'
        f"<main>\n{body}\n</main>\n<script>\n{script}</script>\n</body>\n</html>\n"
    )


def _section(part: Section) -> str:
    title = f'<h2 id="{part.name}-title">{visible(part.title)}</h2>'
    return f'<section id="{part.name}" aria-labelledby="{part.name}-title">{title}\n{part.body}</section>'


def _contents(parts: list[Section]) -> str:
    items = ""
    for part in parts:
        below = "".join(f'<li><a href="#{h.name}">{visible(shorten(h.title, 80))}</a></li>' for h in part.parts)
        items += f'<li><a href="#{part.name}">{visible(part.title)}</a>' + (f"<ul>{below}</ul>" if below else "") + "</li>"
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>'
