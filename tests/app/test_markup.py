import html
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.markup import attribute, chip, moment, plain, shorten, signed, table, visible
from tests.app.samples import HOSTILE

OUR_TAG = re.compile(r'<span class="mw-ctl" title="[^"<>]*">[^<>]*</span>')


@given(st.text())
def test_property_visible_text_holds_no_tag_but_our_own_marks(text: str) -> None:
    assert not set(OUR_TAG.sub("", visible(text))) & set("<>\"'")


@given(st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))))
def test_property_ordinary_text_comes_back_unchanged(text: str) -> None:
    shown = visible(text)
    if "mw-ctl" not in shown:
        assert html.unescape(shown) == text


@given(st.text())
def test_property_visible_text_can_always_be_sent_to_a_browser(text: str) -> None:
    visible(text).encode("utf-8")
    attribute(text).encode("utf-8")
    plain(text).encode("utf-8")


def test_lone_surrogates_are_marked_so_that_they_can_be_sent() -> None:
    assert "U+D800" in visible("a\ud800b")
    visible("a\ud800b").encode("utf-8")


@pytest.mark.parametrize(
    "char", ["\u202e", "\u2066", "\u200b", "\x00", "\x1b", "\x85", "\ufeff", "\u00ad", "\u2028", "\U000e0041", "\u3164"]
)
def test_characters_that_cannot_be_seen_are_shown_by_their_code_point(char: str) -> None:
    shown = visible(f"a{char}b")
    assert char not in shown
    assert f"U+{ord(char):04X}" in shown


def test_a_long_run_of_one_invisible_character_becomes_one_mark() -> None:
    assert visible("\u200b" * 100_000).count("<span") == 1
    assert "×100,000" in visible("\u200b" * 100_000)


def test_white_space_emoji_and_joined_scripts_stay_as_they_are() -> None:
    text = "tab\tnew\nline 👩\u200d🔬 ❤️ क्\u200dष می\u200cخواهم"
    assert visible(text) == text
    assert visible("a\r\nb") == "a\nb"
    assert "U+200D" in visible("pass\u200dword")


def test_labels_cannot_hold_markdown() -> None:
    shown = plain("![x](http://a.b) **b** :red[c] <i>\u202e")
    assert re.sub(r"\\.", "", shown).translate({ord(c): None for c in "x abhtpredciU20E"}) in ("", "//", "/")
    assert "\\!\\[x\\]\\(http" in shown


def test_a_hostile_name_stays_inside_its_attribute_and_chip() -> None:
    assert "<script" not in chip(HOSTILE, title=HOSTILE)
    assert attribute('"><img src=x>') == "&quot;&gt;&lt;img src=x&gt;"


def test_figures_carry_their_sign_and_no_negative_zero() -> None:
    assert signed(0.5) == "+0.50"
    assert signed(-1.25) == "−1.25"
    assert signed(-0.001) == "0.00"
    assert signed(None) == "–"


def test_shortening_keeps_whole_text_where_it_fits_and_marks_what_it_cuts() -> None:
    assert shorten("a  b\nc", 10) == "a b c"
    assert shorten("x" * 50, 10) == "x" * 9 + "…"
    assert shorten("x" + " " * 100 + "y", 10) == "x…"


def test_times_are_shown_in_utc() -> None:
    assert moment(datetime(2026, 1, 2, 3, 4, tzinfo=UTC)) == "2026-01-02 03:04 UTC"
    assert moment(datetime(2026, 1, 2, 3, 4)) == "2026-01-02 03:04 UTC"


def test_a_table_says_when_it_is_empty_and_heads_its_rows() -> None:
    assert "Nothing here yet." in table("T", {"A": "text", "B": "num"}, [])
    filled = table("T", {"A": "text", "B": "num"}, [["x", "1"]])
    assert '<th scope="row"' in filled
    assert '<td class="mw-col-num">1</td>' in filled
    with pytest.raises(ValueError, match="zip"):
        table("T", {"A": "text", "B": "num"}, [["x"]])
