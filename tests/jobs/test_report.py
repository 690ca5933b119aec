"""The report as one HTML file: whole, self-contained, escaped, with the values of the commands."""

import html
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jobs.cli import main
from jobs.report.bias_topics import topics
from jobs.report.estimating import title
from jobs.report.markup import signed
from jobs.report.words import interval, percent, rater_name, share, signed_interval
from jobs.stages.estimates import estimates_of
from music_core.evaluate.compare import paired_difference
from music_core.evaluate.slices import ceiling
from music_core.store.connect import open_store
from music_core.store.labels import add_labels
from music_core.store.queues import PoolPair, QueueHead, create_queue
from music_core.store.readings import add_readings
from music_core.store.votes import votes
from music_core.types import GivenLabel, LabelEvent, Verdict, VerdictValue
from tests.app.evaluations import benchmark_report, bon_report
from tests.app.runs import put_run
from tests.app.samples import HOSTILE, fill, plain_pair

SECTIONS = ["provenance", "agreement", "slices", "differences", "bias", "estimates", "best-of-n", "benchmarks"]
VOID = {"meta", "br", "link", "img"}
NAME = HOSTILE[:90]
QUEUE = "<i>pilot</i>"


class Reader(HTMLParser):
    """Tags with their attributes, tables by caption as rows of text, and whether every tag is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.wrong: list[str] = []
        self._open: list[str] = []
        self._caption = ""
        self.feed(text)
        self.close()
        self.wrong += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "caption":
            self._caption = ""
        if tag == "tr" and "tbody" in self._open:
            self.tables.setdefault(self._caption, []).append([])
        if tag in ("th", "td") and "tbody" in self._open:
            self.tables[self._caption][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if "caption" in self._open:
            self._caption += data
        elif {"th", "td"} & set(self._open) and "tbody" in self._open:
            self.tables[self._caption][-1][-1] += data


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 pairs, a hostile one, labels by Ada and a hostile name, two judges, a queue, and evaluations with hostile names."""
    found = tmp_path_factory.mktemp("report")
    store = fill(found, n_plain=12, hostile=True)
    events = [LabelEvent(f"l{i}", plain_pair(i, 2 + i % 4).id, NAME, "skip" if i == 3 else "left", "chosen", True) for i in range(4)]
    ids = sorted(plain_pair(i, 2 + i % 4).id for i in range(12))
    events += [LabelEvent(f"a{i}", p, "Ada", "right" if i % 3 == 0 else "left", "chosen", True) for i, p in enumerate(ids)]
    add_labels(store, [GivenLabel(event) for event in events])
    for name in ("j one", "j two"):
        values: list[VerdictValue] = ["rejected" if k % (2 if name == "j one" else 5) == 0 else "chosen" for k in range(12)]
        said = [Verdict(p, name, "pairwise", v, 1.0 if v == "chosen" else -1.0, 2, 0) for p, v in zip(ids, values, strict=True)]
        add_readings(store, [], said)
    create_queue(store, QueueHead(QUEUE, "uniform", 1, {"labels": 6}), [PoolPair(p, 0.5, k % 2 == 0) for k, p in enumerate(ids)])
    store.close()
    put_run(found, "bon-1", "bon", "finished", {"a": "longest", "b": ["random"]}, report=bon_report(NAME), title=NAME)
    put_run(found, "bench-1", "benchmark", "finished", {"benchmark": "judgebench", "model": "m"}, report=benchmark_report(NAME))
    return found


@pytest.fixture(autouse=True)
def _configured(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "music.toml").write_text("", encoding="utf-8")
    monkeypatch.setenv("MUSIC_HOME", str(home))
    monkeypatch.setenv("MUSIC_CONFIG", str(tmp_path / "music.toml"))


def music(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


def answer(*words: str, exit_code: int = 0) -> dict[str, Any]:
    result = music(*words, "--json")
    assert result.exit_code == exit_code, result.output
    value: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return value


def written(path: Path, *words: str) -> tuple[str, Reader]:
    said = answer("evaluate", "report", "--out", str(path), *words)
    text = path.read_text(encoding="utf-8")
    assert said == {"path": str(path), "bytes": path.stat().st_size, "sections": SECTIONS}
    return text, Reader(text)


@pytest.fixture(scope="module")
def report(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Reader]:
    """The report of the whole store, written once."""
    folder = tmp_path_factory.mktemp("out")
    (folder / "music.toml").write_text("", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSIC_HOME", str(home))
        patch.setenv("MUSIC_CONFIG", str(folder / "music.toml"))
        return written(folder / "report.html")


def test_it_is_whole_html_with_every_section(report: tuple[str, Reader]) -> None:
    _, read = report
    assert not read.wrong
    assert [a["id"] for tag, a in read.tags if tag == "section"] == SECTIONS
    anchors = [a["href"] for tag, a in read.tags if tag == "a"]
    assert [a for a in anchors if a in {f"#{name}" for name in SECTIONS}] == [f"#{name}" for name in (SECTIONS[0], *SECTIONS)]
    ids = [str(a["id"]) for _, a in read.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {str(a).removeprefix("#") for a in anchors} <= set(ids)


def test_headings_go_down_by_one_and_every_part_is_in_the_contents(report: tuple[str, Reader]) -> None:
    text, read = report
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    parts = [str(a["id"]) for tag, a in read.tags if tag == "h3"]
    contents = text[text.index('<nav aria-label="Contents">') : text.index("</nav>")]
    assert len(parts) > 12
    assert all(f'href="#{name}"' in contents for name in parts)
    assert {tag for tag, _ in read.tags} >= {"main", "nav", "header"}
    assert all(a.get("aria-labelledby") == f"{a['id']}-title" for tag, a in read.tags if tag == "section")
    assert all(a["aria-label"] for tag, a in read.tags if tag == "figure")


def test_every_figure_is_there_for_light_and_for_dark_with_the_same_values(report: tuple[str, Reader]) -> None:
    found = re.findall(r'<script type="application/json">(.*?)</script>', report[0])
    assert len(found) == sum(tag == "figure" for tag, _ in report[1].tags)
    for text in found:
        both = json.loads(text)
        light, dark = (both[theme]["layout"] for theme in ("light", "dark"))
        assert light["font"]["color"] != dark["font"]["color"]
        assert {c["paper_bgcolor"] for c in (light, dark)} == {"rgba(0,0,0,0)"}
        assert [t.get("x") for t in both["light"]["data"]] == [t.get("x") for t in both["dark"]["data"]]
    style = report[0][report[0].index("<style>") : report[0].index("</style>")]
    assert "@media screen and (prefers-color-scheme: dark)" in style
    assert "@media print" in style


def test_nothing_is_fetched_and_plotly_is_there_once(report: tuple[str, Reader]) -> None:
    text, read = report
    for _, attributes in read.tags:
        assert not {"src", "srcset", "action", "poster", "data", "background"} & set(attributes)
        assert all((value or "").startswith("#") for name, value in attributes.items() if name in ("href", "xlink:href"))
    assert not {tag for tag, _ in read.tags} & {"link", "iframe", "img", "object", "embed", "base", "form"}
    assert text.count("* plotly.js v") == 1
    policy = next(a["content"] or "" for tag, a in read.tags if tag == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "url(" not in text[text.index("<style>") : text.index("</style>")]


def test_a_table_stands_under_every_figure(report: tuple[str, Reader]) -> None:
    names = [tag for tag, _ in report[1].tags]
    figures = [i for i, tag in enumerate(names) if tag == "figure"]
    assert len(figures) > 12
    for i, following in zip(figures, [*figures[1:], len(names)], strict=True):
        assert "table" in names[i:following]


def test_hostile_names_stay_text(report: tuple[str, Reader]) -> None:
    text, read = report
    body = text[text.index("<body>") :]
    assert "window.pwned" in body
    assert "<script>window.pwned" not in text
    assert "<img" not in body
    # Scripts are plotly.js, the page's own, and the data of each figure.
    scripts = [a.get("type") for tag, a in read.tags if tag == "script"]
    assert scripts.count(None) == 2
    assert scripts.count("application/json") == len(scripts) - 2 == sum(tag == "figure" for tag, _ in read.tags)
    assert not any(name.startswith("on") for _, attributes in read.tags for name in attributes)


def rows_of(read: Reader, caption: str) -> list[list[str]]:
    return next(rows for name, rows in read.tables.items() if name.startswith(caption))


def test_agreement_has_the_values_of_the_command(report: tuple[str, Reader]) -> None:
    cells = [c for c in answer("agreement")["cells"] if c["n"] or c["n_trained_on"]]
    rows = rows_of(report[1], "Every two raters")
    assert len(rows) == len(cells) > 3
    for c, row in zip(cells, rows, strict=True):
        assert row[2:7] == [f"{c['n']:,}", share(c["agree"]), interval(c["interval"]), signed(c["kappa"]), signed(c["alpha"])]
        assert c["note"] in row[7]


def test_slices_have_the_cells_of_the_command_for_the_pairs_of_each(report: tuple[str, Reader]) -> None:
    whole = {(c["a"], c["b"]): c for c in answer("agreement")["cells"]}
    rows = rows_of(report[1], "Agreement with Construction by turns")
    first = whole["construction", "judge:j one"]
    assert ["all pairs", "j one judge", f"{first['n']}", share(first["agree"]), interval(first["interval"])] in [r[:5] for r in rows]
    assert [r[2] for r in rows if r[1] == "j one judge"] == ["12", "3", "3", "3", "3"]
    assert {r[0] for r in rows} == {"all pairs", "2 turns", "3 turns", "4 turns", "5 turns"}
    assert rows_of(report[1], "Agreement with All people by length gap")
    assert "Not sliced, since all of these pairs are alike in it or nobody voted: split" not in report[0]


def test_ceiling_differences_and_estimates_have_the_values_of_the_core(home: Path, report: tuple[str, Reader]) -> None:
    store = open_store(home)
    said, queue = votes(store), estimates_of(store, QUEUE)
    store.close()
    top = ceiling(said)
    assert top.n_pairs == 3
    (row,) = rows_of(report[1], "Leave-one-out")
    assert row[1:6] == [f"{top.n_pairs}", f"{top.n_votes}", f"{top.n_persons}", share(top.agree), interval(top.interval)]
    rows = rows_of(report[1], "Two raters on the same pairs")
    two = paired_difference(said, "judge:j one", "judge:j two", "construction")
    row = next(r for r in rows if r[:3] == ["j one judge", "j two judge", "Construction"])
    assert row[3:5] == ["12", f"{two.n_clusters}"]
    assert row[5:9] == [share(two.accuracy_a), share(two.accuracy_b), signed(two.difference), signed_interval(two.interval)]
    rows = rows_of(report[1], "Estimates for the pool")
    assert [r[0] for r in rows] == [title(a) for a in queue.answers]
    assert [r[1] for r in rows] == ["–" if a.found.estimate is None else f"{a.found.estimate:.3f}" for a in queue.answers]
    assert "People prefer the built side, predicted by j one (judge)" in [r[0] for r in rows]
    assert "Queue &lt;i&gt;pilot&lt;/i&gt;" in report[0]


def test_bias_has_the_findings_and_figures_of_the_command(report: tuple[str, Reader]) -> None:
    found = answer("bias")
    assert [row[1] for row in rows_of(report[1], "Findings")] == [f["text"] for f in found["findings"]]
    read = report[1]
    checked = 0
    for rater in found["raters"]:
        if rater["kind"] == "person":
            continue  # the caption holds the marks of a hostile name; its figures are those of the others' code
        for topic in (t for t in topics(rater) if t.rows):
            rows = read.tables[f"{topic.title}: {rater_name(rater['rater'])}"]
            values = [row.figure["value"] for row in topic.rows]
            assert [row[1] == "–" for row in rows] == [v is None for v in values]
            assert [row[3] for row in rows] == [f"{r.figure['n']:,}" for r in topic.rows]
            checked += len(rows)
    assert checked > 20


def test_evaluations_have_the_values_of_their_runs(report: tuple[str, Reader]) -> None:
    rows = rows_of(report[1], "How often A's pick was judged better")
    assert [row[1:5] for row in rows] == [
        [str(r["n"]), str(r["n_prompts"]), share(r["win_rate"]), interval(r["interval"])] for r in bon_report()["table"]
    ]
    bench = benchmark_report("m")
    own = rows_of(report[1], "JudgeBench")[0]
    for cell, figure in zip(own[2:], [bench["overall"], *bench["sections"]], strict=True):
        assert cell.startswith(percent(figure["value"]))
        assert f"n {figure['n']}" in cell


def test_a_file_is_not_written_over_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("mine", encoding="utf-8")
    refused = answer("evaluate", "report", "--out", str(path), exit_code=1)
    assert "--force" in refused["hint"]
    assert path.read_text(encoding="utf-8") == "mine"
    _, read = written(path, "--force", "--source", "rivers", "--limit", "5")
    said: Mapping[str, Any] = answer("bias", "--source", "rivers", "--limit", "5")
    assert said["n_pairs"] == 5
    text = html.unescape(path.read_text(encoding="utf-8"))
    assert "sources: rivers; limit: 5" in text
    assert "5 of 5 seeds" in text
    assert not read.wrong


def test_an_empty_store_gives_a_report_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_HOME", str(tmp_path / "empty"))
    text, read = written(tmp_path / "report.html")
    assert not read.wrong
    for words in (
        "Nobody but the construction",
        "No judge, model or person",
        "There is no labelling queue",
        "There are no two judges",
        "No ceiling",
        "No Best-of-N run",
        "No model was held against",
    ):
        assert words in text


def test_a_folder_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    said = answer("evaluate", "report", "--out", str(tmp_path / "no" / "report.html"), exit_code=1)
    assert "report.html" in said["error"]
