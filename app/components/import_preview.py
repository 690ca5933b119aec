"""What an import would do, before anything is stored: rows, pairs, what is new, what is dropped and why, with rows to look at."""

import streamlit as st

from app import importing
from app.components import errors
from app.form_fields import FORMATS
from app.importing import Found
from app.markup import details, shorten, table, visible
from music_core.sources.preview import Preview

_OPENING_CHARS = 160


def figures(found: Found, seen: Preview) -> str:
    """Counts as HTML. Pure."""
    n_pairs = len(seen.pair_ids)
    rows = [
        ("Format", visible(FORMATS.get(seen.fmt, seen.fmt)), ""),
        ("Rows", f"{seen.report.rows:,}", "" if seen.whole else "the first of the file; the import reads all"),
        ("Rows used", f"{seen.report.rows_used:,}", ""),
        ("Rows dropped", f"{sum(seen.report.dropped.values()):,}", ""),
        ("Pairs", f"{n_pairs:,}", ""),
        ("New in this store", f"{n_pairs - found.n_known:,}", f"{found.n_known:,} are here already"),
    ]
    votes = (("labels", seen.n_labels), ("readings", seen.n_readings), ("verdicts", seen.n_verdicts))
    rows += [(f"{what.capitalize()} of others", f"{n:,}", "") for what, n in votes if n]
    if found.n_votes_without_pair:
        rows.append(("Votes on pairs that are nowhere", f"{found.n_votes_without_pair:,}", "they are dropped"))
    items = "".join(f'<div><dt>{k}</dt><dd>{v}</dd><dd class="mw-note">{note}</dd></div>' for k, v, note in rows)
    return f'<dl class="mw-figures mw-preview">{items}</dl>'


def dropped(seen: Preview) -> str:
    """Reasons with their counts and example rows as a table; nothing where all is used. Pure."""
    if not seen.report.dropped and not seen.report.left_out:
        return ""
    rows = []
    for reason, n in sorted(seen.report.dropped.items(), key=lambda item: -item[1]):
        shown = "".join(
            f'<div><span class="mw-note">row {row.n:,}</span> <code>{visible(row.text) or "no object"}</code></div>'
            for row in seen.examples.get(reason, ())
        )
        rows.append([visible(reason), f"{n:,}", shown or "–"])
    rows += [[f"{visible(reason)} (part of a used row)", f"{n:,}", "–"] for reason, n in seen.report.left_out.items()]
    columns = {"Reason": "text", "Rows": "num", "For example": "text"}
    return f'<div class="mw-dropped">{table("What is left out, and why", columns, rows)}</div>'


def openings(seen: Preview) -> str:
    """How a few of the pairs begin. Pure."""
    items = "".join(f'<li dir="auto">{visible(shorten(text, _OPENING_CHARS))}</li>' for text in seen.openings)
    return details("How its pairs begin", f"<ul>{items}</ul>") if items else ""


def show(found: Found) -> None:
    """Draw the preview with the button that imports, or what is wrong."""
    st.header("Preview", anchor=False)
    if found.error is not None:
        errors.show(found.error)
        st.html('<p class="mw-note">Nothing was stored.</p>')
        return
    seen = found.preview
    if seen is None:
        return
    st.html(figures(found, seen) + openings(seen) + dropped(seen))
    st.html(f'<p class="mw-note">Nothing is stored yet. Pairs will have the source <strong>{visible(seen.name)}</strong>.</p>')
    st.button("Import", key=f"mw-import-start-{found.wanted.token}", type="primary", on_click=importing.start, args=(found.wanted,))
