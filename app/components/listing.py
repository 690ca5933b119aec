"""What the tables of lists share: heads that sort, and the way to the other pages."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from app.markup import attribute
from app.nav import href


class Listing(Protocol):
    """The state of a list with pages that can be sorted."""

    @property
    def sort(self) -> str:
        """What it is sorted by."""

    @property
    def asc(self) -> bool:
        """Whether the smallest comes first."""

    @property
    def page(self) -> int:
        """The page shown, from 1."""

    def changed(self, **values: object) -> "Listing":
        """The state with `values`, back on page 1 unless a page is given."""

    def query(self) -> Mapping[str, str | Sequence[str]]:
        """The address's parameters."""


def heading(name: str, sort: str | None, kind: str, state: Listing, page: str) -> str:
    """The head of a column as HTML; `sort` is what it sorts the list on `page` by (None: cannot be sorted by), `kind` its style. Pure."""
    if sort is None:
        return f'<th scope="col" class="mw-col-{kind}">{name}</th>'
    here = state.sort == sort
    # Text starts from A, figures and times from the largest.
    asc = not state.asc if here else sort == "opening"
    order = f' aria-sort="{"ascending" if state.asc else "descending"}"' if here else ""
    arrow = f'<span aria-hidden="true">{"↑" if state.asc else "↓"}</span>' if here else ""
    target = attribute(href(page, state.changed(sort=sort, asc=asc).query()))
    return f'<th scope="col" class="mw-col-{kind}"{order}><a class="mw-link" href="{target}">{name}{arrow}</a></th>'


def pager(state: Listing, n_pages: int, page: str) -> str:
    """Links to the first, last and neighbouring pages of the list on `page` as HTML; nothing for a single page. Pure."""
    if n_pages < 2:
        return ""
    near = {1, n_pages, *range(max(1, state.page - 2), min(n_pages, state.page + 2) + 1)}
    out, before = [_step(state, state.page - 1, n_pages, "← Previous", page)], 0
    for number in sorted(near):
        if number > before + 1:
            out.append('<span class="mw-note" aria-hidden="true">…</span>')
        out.append(_step(state, number, n_pages, f"{number:,}", page))
        before = number
    out.append(_step(state, state.page + 1, n_pages, "Next →", page))
    return f'<nav class="mw-pager" aria-label="Pages">{"".join(out)}</nav>'


def _step(state: Listing, number: int, n_pages: int, words: str, page: str) -> str:
    if number == state.page:
        return f'<span class="mw-here" aria-current="page">{words}</span>'
    if not 1 <= number <= n_pages:
        return f'<span class="mw-note">{words}</span>'
    return f'<a class="mw-link" href="{attribute(href(page, state.changed(page=number).query()))}">{words}</a>'
