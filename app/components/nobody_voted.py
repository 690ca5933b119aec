"""What the Agreement page says, in every view, where nobody has said anything."""

from app.components import empty
from app.markup import attribute
from app.matrix_state import MatrixState
from app.nav import href


def show(state: MatrixState) -> None:
    """Draw it: take the filters off, or get somebody to say something."""
    if state.source or state.split:
        target = href("agreement", MatrixState(view=state.view).query())
        link = f'<a class="mw-link" href="{attribute(target)}">Compare on all pairs</a>'
        empty.show(
            "Nobody voted on these pairs", "No judge, model or person has said anything about the pairs that pass these filters.", link=link
        )
        return
    links = "".join(
        f'<li><a class="mw-link" href="{href(page, query)}">{words}</a><span>{why}</span></li>'
        for words, page, query, why in (
            ("Ask a judge", "jobs", {"new": "judge"}, "A chat model reads pairs in both orders."),
            ("Label pairs", "label", {}, "A person decides, blind."),
            ("Score with a model", "jobs", {"new": "score"}, "A reward model votes by its margin."),
        )
    )
    empty.show("Nothing to compare yet", "Agreement needs a second voice beside the construction.", link=f"<ul>{links}</ul>")
