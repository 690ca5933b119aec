import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.report.pair.prose import inline, prose
from tests.app.samples import HOSTILE

OURS = {"strong", "em", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "span"}
SIGNS = st.text(st.sampled_from(list("*`#|-~ ab\n<>&\"'\u202e")), max_size=60)


def tags(out: str) -> list[str]:
    return re.findall(r"<(/?[a-z]+)", out)


@given(st.one_of(st.text(), SIGNS))
def test_property_tags_are_our_own_and_well_nested(text: str) -> None:
    open_tags: list[str] = []
    for tag in tags(prose(text)):
        if tag.startswith("/"):
            assert open_tags.pop() == tag[1:]
        else:
            assert tag in OURS
            open_tags.append(tag)
    assert open_tags == []


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"])))
def test_property_text_without_signs_stays_as_it_is(text: str) -> None:
    assert re.sub(r"<[^>]*>", "", prose(text)).replace("U+", "") != "" or text == ""
    if "mw-ctl" not in prose(text):
        assert prose(text) == text


def test_bold_italics_and_code_are_set() -> None:
    assert inline("*a **b** c.*") == "<em>a <strong>b</strong> c.</em>"
    assert inline("a **b c** *d* `e *f* <g>`") == "a <strong>b c</strong> <em>d</em> <code>e *f* &lt;g&gt;</code>"


@pytest.mark.parametrize("text", ["2 * 3 * 4", "a*b*c", "** x **", "**", "``", "snake_case_name", "5*", "* item", "1. x"])
def test_signs_that_mean_themselves_stay(text: str) -> None:
    assert inline(text) == text


def test_headings_are_bold_and_code_blocks_keep_their_signs() -> None:
    assert prose("## Title ##\ntext") == "<strong>Title</strong>\ntext"
    out = prose("see:\n```python\nx = '**a**'\n\n# no heading\n```\nafter")
    assert out == 'see:<pre class="mw-code">x = &#x27;**a**&#x27;\n\n# no heading</pre>after'


def test_a_code_block_that_is_never_closed_runs_to_the_end() -> None:
    assert prose("```\na\n**b**") == '<pre class="mw-code">a\n**b**</pre>'


def test_a_table_is_a_table_and_a_line_with_a_bar_is_not() -> None:
    out = prose("| a | **b** |\n|---|:-:|\n| 1 | <2> |\nend")
    assert "<th>a</th><th><strong>b</strong></th>" in out
    assert "<td>1</td><td>&lt;2&gt;</td>" in out
    assert out.endswith("</table>end")
    assert prose("a | b\nc | d") == "a | b\nc | d"


def test_links_and_images_stay_text() -> None:
    text = "[a](http://x.y) ![b](http://x.y/z.png) <http://x.y> http://x.y"
    assert "href" not in prose(text)
    assert "src" not in prose(text)
    assert "http://x.y/z.png" in prose(text)
    assert set(tags(prose(HOSTILE))) <= {"span", "/span", "em", "/em"}


@pytest.mark.parametrize(
    "text", ["*" * 100_000, "`" * 100_001, "**a " * 30_000, "|" * 100_000 + "\n" + "-|" * 50_000, "```\n" * 30_000, "# " * 50_000]
)
def test_no_text_takes_long(text: str) -> None:
    start = time.process_time()
    prose(text)
    assert time.process_time() - start < 2
