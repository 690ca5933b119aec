"""The row of pages at the top."""

from html.parser import HTMLParser

from streamlit.config import get_option

from app.components.navigation import markup

PAGES = {"overview": "Overview", "pairs": "Pairs", "label": "Label & <more>"}


class Links(HTMLParser):
    """Attributes of every link, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))


def test_the_page_that_is_open_is_marked_and_every_title_stands_as_it_is() -> None:
    text = markup(PAGES, "pairs")
    links = Links(text).found
    assert links.pop(0)["class"] == "mw-skip"
    assert [link["href"] for link in links] == ["./", "pairs", "label"]
    assert [link.get("aria-current") for link in links] == [None, "page", None]
    assert [link["data-title"] for link in links] == list(PAGES.values())
    assert "Label &amp; &lt;more&gt;</a>" in text


def test_on_a_page_that_only_links_lead_to_none_is_marked() -> None:
    assert "aria-current" not in markup(PAGES, "pair")


def test_no_page_that_frames_the_workbench_may_steer_it() -> None:
    assert get_option("client.allowedOrigins") == []
