from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import estimates
from app.components.estimates import advice_markup
from jobs.report.estimating import figure, remarks_markup, table_markup
from jobs.stages.estimates import Answer, Given, QueueEstimates
from music_core.evaluate.estimate import Estimate
from music_core.store.labels import add_label
from music_core.store.queues import PoolPair, QueueHead, create_queue
from music_core.store.readings import add_readings
from music_core.types import LabelEvent, Verdict
from tests.app.conftest import Open, Use, query_of, text_of
from tests.app.samples import HOSTILE, fill, plain_pair

SCRIPT = "from app.components import errors, estimates\nwith errors.shown():\n    estimates.show({queue!r})"
WIDE = Estimate(1000, 100, 20, 5, 0, 90, 0.7, (0.6, 0.8), (0.61, 0.79), 0.8, 0.71, (0.58, 0.84), "Assumed.", ("Only 100 pairs.",))
HEAD = QueueHead("q", "uniform", 3, n_pool=1000, n_drawn=125)
GIVEN = Given(100, 125, 2, 20, 0, 0, {"1": 100})


def queue_estimates(*answers: Answer) -> QueueEstimates:
    return QueueEstimates(HEAD, GIVEN, answers, ("Seen before.",))


@pytest.fixture(scope="module")
def estimated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pairs that a judge with a hostile name has judged, half of them drawn and labelled but one; and an untouched queue."""
    home = tmp_path_factory.mktemp("estimated")
    store = fill(home, n_plain=24)
    ids = sorted(plain_pair(i, 2 + i % 4).id for i in range(24))
    name = f"j {HOSTILE[:40]}"
    values = [
        Verdict(i, name, "pairwise", "rejected" if k % 5 == 0 else "chosen", -1.0 if k % 5 == 0 else 1.0, 2, 0) for k, i in enumerate(ids)
    ]
    add_readings(store, [], values)
    pool = [PoolPair(i, 0.5, k % 2 == 0) for k, i in enumerate(ids)]
    create_queue(store, QueueHead("untouched", "uniform", 1, {"labels": 12}), [PoolPair(i, 0.5, k % 2 == 1) for k, i in enumerate(ids)])
    create_queue(store, QueueHead("halves", "uniform", 1, {"labels": 12}), pool)
    for k, i in enumerate(ids[:22:2]):
        add_label(store, LabelEvent(f"t{k}", i, "Ada", "right" if k % 4 == 0 else "left", "chosen", True, queue="halves", probability=0.5))
    store.close()
    return home


def drawn(queue: str = "") -> AppTest:
    return AppTest.from_string(SCRIPT.format(queue=queue), default_timeout=60).run()


def test_without_a_queue_one_learns_what_a_plan_is_and_how_to_make_one(use_home: Use, one_home: Path) -> None:
    use_home(one_home)
    out = text_of(drawn())
    assert "No labelling queue yet" in out
    assert "music queue make pilot --plan disagreement --labels 200" in out
    assert "freezes the pool" in out


def test_the_newest_queue_is_shown_with_table_chart_and_what_to_label_next(use_home: Use, estimated_home: Path) -> None:
    use_home(estimated_home)
    app = drawn()
    out = text_of(app)
    assert not app.exception
    assert app.selectbox(key="mw-estimates-queue").value == "halves"
    assert "11 of 12 wanted labels by 1 person; plan uniform, 12 of 24 pairs drawn, guideline 1." in out
    assert "People prefer the built side, predicted by j &lt;script&gt;" in out
    assert "<script" not in out
    assert "11 <span" in out
    assert "Only 11 pairs are labelled" in out
    assert 'href="label?queue=halves"' in out
    assert len(app.get("plotly_chart")) == 1
    assert "nan" not in out.lower()


def test_a_smaller_half_width_asks_for_more_labels(use_home: Use, estimated_home: Path) -> None:
    use_home(estimated_home)
    app = drawn()
    app.number_input(key="mw-estimates-half-width").set_value(0.5).run()
    assert "Every interval that labels can narrow is within ± 0.5" in text_of(app)


def test_a_queue_without_labels_says_that_it_waits(use_home: Use, estimated_home: Path) -> None:
    use_home(estimated_home)
    app = drawn("untouched")
    assert not app.exception
    assert "0 of 12 wanted" in text_of(app)
    assert "No drawn pair has a label yet" in text_of(app)
    assert len(app.get("plotly_chart")) == 0


def test_an_unknown_queue_is_one_clear_error(use_home: Use, estimated_home: Path) -> None:
    use_home(estimated_home)
    assert "There is no queue &#x27;gone&#x27;" in text_of(drawn("gone"))


def test_the_table_has_the_figures_with_and_without_predictions() -> None:
    out = table_markup(queue_estimates(Answer("accuracy", "judge:x", WIDE)), 0.05)
    for text in ("People say what x (judge) says", ">0.700<", "0.600 to 0.800", "0.610 to 0.790", ">0.710<", "0.580 to 0.840", ">0.80<"):
        assert text in out


def test_warnings_stand_beside_the_figures_and_assumptions_are_folded() -> None:
    out = remarks_markup(queue_estimates(Answer("accuracy", "judge:x", WIDE)))
    assert out.index("Seen before.") < out.index("Only 100 pairs.") < out.index("<details") < out.index("Assumed.")


def test_many_different_warnings_are_counted_and_listed_by_estimate() -> None:
    answers = [Answer("system", "judges", replace(WIDE, warnings=(f"Only {n} pairs.",)), f"<i>s{n}</i>") for n in range(5)]
    out = remarks_markup(queue_estimates(*answers))
    assert "5 of 5 estimates come with warnings" in out
    assert "People prefer &lt;i&gt;s3&lt;/i&gt; to the others, predicted by judges: Only 3 pairs." in out
    assert out.index("Seen before.") < out.index("5 of 5") < out.index("<details") < out.index("Only 0 pairs.")
    assert remarks_markup(queue_estimates(*answers[:4])).count('role="note"') == 5


def test_a_number_that_rounds_to_nothing_has_no_sign() -> None:
    tiny = replace(WIDE, estimate=-0.0001, interval=(-0.00001, 0.1), pool_interval=(-0.021, 0.1))
    out = table_markup(queue_estimates(Answer("accuracy", "judge:x", tiny)), 0.05)
    assert ">0.000<" in out
    assert "0.000 to 0.100" in out
    assert "−0.021 to 0.100" in out
    assert "-0" not in out and "−0.000" not in out


def test_more_labels_than_wait_take_a_larger_queue_with_room_for_skips() -> None:
    answer = Answer("accuracy", "judge:x", WIDE)
    advice = estimates.advice(answer, HEAD, 0.05)
    assert advice.needed.more is not None
    assert advice.total == round((100 + advice.needed.more) * 1.2)
    half = Answer("accuracy", "judge:x", replace(WIDE, n_pool=500, n_excluded=500))
    assert estimates.advice(half, HEAD, 0.07).total == round((100 + (estimates.advice(half, HEAD, 0.07).needed.more or 0)) * 1.2 * 2)
    out = advice_markup(queue_estimates(answer), 0.05)
    assert f"Label {advice.needed.more:,} more" in out
    assert "5 drawn pairs wait" in out
    assert f"--extends &#x27;q&#x27; --labels {advice.total}" in out
    unknown = Answer("win_rate", "", Estimate(10, 0, 0, 2, 0, 0))
    assert "cannot be told yet" in advice_markup(queue_estimates(unknown), 0.05)


def test_the_chart_has_a_dot_for_each_of_the_two_ways_and_leaves_out_what_is_undefined() -> None:
    answers = [Answer("accuracy", "judge:<b>x</b>", WIDE), Answer("win_rate", "", Estimate(10, 0, 0, 2, 0, 0))]
    both, alone = figure(answers, "light").data
    assert (list(both.x), list(alone.x)) == ([0.7], [0.71])
    assert list(both.error_x.array) == pytest.approx([0.1])
    assert "<b>" not in str(figure(answers, "dark").layout.yaxis.ticktext)


def test_the_agreement_page_shows_the_queue_that_the_address_names_and_another_choice_goes_into_it(
    open_page: Open, estimated_home: Path
) -> None:
    app = open_page("agreement", estimated_home, {"view": "estimates", "queue": "halves"})
    assert not app.exception
    assert app.selectbox(key="mw-estimates-queue").value == "halves"
    assert "Estimates for the pool" in text_of(app)
    app.selectbox(key="mw-estimates-queue").select("untouched").run()
    assert query_of(app)["queue"] == ["untouched"]
    assert app.selectbox(key="mw-estimates-queue").value == "untouched"
