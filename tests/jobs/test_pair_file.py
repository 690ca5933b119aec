"""One pair as an HTML file: everything in it, nothing but text of what others wrote, no address to fetch from."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from jobs.cli import main
from jobs.report.pair.document import build, side_names
from jobs.report.pair.trace_svg import svg
from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.labels import add_label
from music_core.types import LabelEvent, Origin, RewardTrace
from tests.app.samples import HOSTILE, fill, hostile_pair, rice_pair
from tests.jobs.test_report import Reader

PAIR = rice_pair().id


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("file")
    store = fill(folder, n_plain=1, hostile=True)
    add_label(store, LabelEvent("t1", PAIR, "Ada", "left", "chosen", True, reasons=("correct",), comment=HOSTILE))
    add_label(store, LabelEvent("t2", PAIR, "Ada", "tie", "chosen", False))
    store.close()
    return folder


@pytest.fixture
def store(home: Path) -> Store:
    from music_core.store.connect import open_store

    return open_store(home)


def test_the_file_holds_both_sides_and_all_that_is_known(store: Store) -> None:
    out = build(store, PAIR)
    for text in (
        "I have leftover rice",
        "Explain how soy sauce is made",
        '<mark class="mw-word">',
        "<svg",
        "+1.310",
        "chosen shown first",
        "Reason, as the judge wrote it",
        "P(yes) 0.12",
        "correct; ",
        "informed",
        "temperature 0.7",
        "a1b2c3d4e5f6a7b8",
        "MUSIC Workbench",
        PAIR,
        rice_pair().chosen.id,
        "color-scheme: light dark",
    ):
        assert text.lower() in out.lower(), text
    tables = Reader(out).tables
    assert [row[2] for row in tables["Label events, oldest first"]] == ["left", "tie"]
    assert tables["Label events, oldest first"][1][8] == tables["Label events, oldest first"][0][7]
    assert Reader(out).wrong == []


@pytest.mark.parametrize("pair_id", [PAIR, hostile_pair().id])
def test_the_file_fetches_nothing_and_runs_nothing(store: Store, pair_id: str) -> None:
    out = build(store, pair_id)
    tags = Reader(out).tags
    assert not {"script", "img", "iframe", "link", "object", "form", "base"} & {tag for tag, _ in tags}
    assert all((attrs.get("href") or "#").startswith("#") for _, attrs in tags)
    assert not [name for _, attrs in tags for name in attrs if name == "src" or name.startswith("on")]
    styles = re.findall("<style>.*?</style>", out, re.S)
    assert len(styles) == 1 and "url(" not in styles[0] and "@import" not in styles[0]
    assert "default-src 'none'" in out and "<script>window" not in out and "\u202e" not in out and "\x00" not in out


def test_long_messages_are_in_the_file_to_their_end(store: Store) -> None:
    assert build(store, hostile_pair().id).count("word ") >= 20_000


def test_an_unknown_pair_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="p_nothing"):
        build(store, "p_nothing")


def test_sides_that_nobody_built_go_by_their_systems() -> None:
    origin = Origin("s", method="votes", meta={"sides": {"chosen": "alpha", "rejected": "beta"}})
    assert side_names([origin]) == ({"chosen": "alpha", "rejected": "beta"}, False)
    assert side_names([Origin("s", method="votes")]) == ({"chosen": "Answer 1", "rejected": "Answer 2"}, False)
    assert side_names([Origin("s")]) == ({"chosen": "Chosen", "rejected": "Rejected"}, True)


@pytest.mark.parametrize("rewards", [(0.5,), (1.0, 1.0), (-3.0, 2.0, 0.1)])
def test_every_reward_is_a_point_inside_of_the_drawing(rewards: tuple[float, ...]) -> None:
    out = svg({"chosen": RewardTrace("p", "chosen", "m", rewards)}, 1, "tiny <b>")
    points = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', out)
    assert len(points) == len(rewards)
    assert all(0 <= float(x) <= 640 and 0 <= float(y) <= 220 for x, y in points)
    assert "<b>" not in out
    assert svg({}, 0, "none") == ""


def test_the_command_writes_the_file_and_does_not_write_over_one(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_HOME", str(home))
    out = tmp_path / "pair.html"
    done = CliRunner().invoke(main, ["pairs", "show", PAIR, "--html", str(out), "--json"])
    answer = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == 0 and answer["bytes"] == out.stat().st_size
    assert answer["margins"] == {"tiny": 1.93} and answer["verdicts"] == {"pairwise": "flip", "checklist": "chosen"}
    again = CliRunner().invoke(main, ["pairs", "show", PAIR, "--html", str(out)])
    assert again.exit_code == 1 and "--force" in again.stderr
    shown = CliRunner().invoke(main, ["pairs", "show", PAIR])
    assert shown.exit_code == 0 and "divergence" in shown.stdout
    unknown = CliRunner().invoke(main, ["pairs", "show", "p_nothing"])
    assert unknown.exit_code == 1 and "p_nothing" in unknown.stderr
