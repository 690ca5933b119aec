"""The page Data: a preview before anything is stored, imports as runs, exports that read back."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import data, exporting, importing
from app.importing import Wanted, safe_name
from app.state import ListState
from jobs import api
from jobs.stages.export import Config
from music_core.errors import ConfigError, SourceError
from music_core.sources.preview import preview
from music_core.sources.read import read_source
from music_core.store.export import export_pairs
from music_core.store.pairs import PairFilter, pair_ids
from tests.app.conftest import Open, Use, text_of
from tests.app.runs import put_run
from tests.app.samples import HOSTILE, fill

GOOD = {
    "chosen": [{"role": "user", "content": "What is two and two?"}, {"role": "assistant", "content": "Four."}],
    "rejected": [{"role": "user", "content": "What is two and two?"}, {"role": "assistant", "content": "Two is a prime."}],
}
SAME = {**GOOD, "rejected": GOOD["chosen"], "note": HOSTILE}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few pairs, and the only slot taken, so that no test starts a process."""
    found = tmp_path_factory.mktemp("data")
    fill(found, n_plain=3).close()
    put_run(found, "generate-busy", "generate", "running", {"n": 4, "assistant": "scripted"})
    return found


@pytest.fixture(autouse=True)
def _one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_SLOTS", "1")


def runs_of(home: Path) -> set[str]:
    return {state.run_id for state in api.list_runs(home=home)}


def write(folder: Path, *rows: Any, name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


def looked_at(open_page: Open, home: Path, path: Path) -> AppTest:
    app = open_page("data", home)
    next(s for s in app.segmented_control if s.label == "From").set_value("A path or hf:NAME").run()
    next(t for t in app.text_input if t.label.startswith("Path")).set_value(str(path)).run()
    return next(b for b in app.button if b.label == "Preview").click().run()


def test_an_empty_store_can_be_filled_here_and_says_that_there_is_nothing_to_export(open_page: Open, tmp_path: Path) -> None:
    app = open_page("data", tmp_path)
    assert not app.exception
    assert "These formats are recognised" in text_of(app)
    out = text_of(open_page("data", tmp_path, {"export": "1"}))
    assert "Nothing to export yet" in out
    assert "music import FILE.jsonl" in out


def test_a_file_of_one_row_is_previewed_and_only_then_imported_as_a_run(open_page: Open, home: Path, tmp_path: Path, use_home: Use) -> None:
    ids, runs = pair_ids(use_home(home), PairFilter()), runs_of(home)
    app = looked_at(open_page, home, write(tmp_path, GOOD))
    out = text_of(app)
    assert not app.exception
    assert "trl: chosen and rejected" in out
    assert "What is two and two?" in out
    assert (pair_ids(data.store(), PairFilter()), runs_of(home)) == (ids, runs)
    token = app.session_state["mw_import_token"]
    next(b for b in app.button if b.label == "Import").click().run()
    assert not app.exception
    assert api.status(token, home=home).config["path"] == str(tmp_path / "rows.jsonl")
    assert "Import: rows.jsonl" in text_of(app)


def test_what_is_dropped_is_shown_with_its_reason_and_its_rows_as_text(open_page: Open, home: Path, tmp_path: Path) -> None:
    out = text_of(looked_at(open_page, home, write(tmp_path, GOOD, SAME, SAME, SAME, {"chosen": 3, "rejected": 4}, [1])))
    assert "identical conversations" in out
    assert "row is not an object" in out
    assert '<span class="mw-note">row 2</span>' in out
    assert '<span class="mw-note">row 4</span>' not in out
    assert "<script" not in out
    assert "<img" not in out


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.jsonl", "not json\n", "line 1"),
        ("x.jsonl", '{"a": 1}\n', "no known format"),
        ("x.jsonl", "", "is empty"),
        ("x.exe", "MZ", "no known ending"),
    ],
)
def test_a_wrong_file_is_an_error_and_nothing_can_be_imported(
    open_page: Open, home: Path, tmp_path: Path, name: str, content: str, words: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    app = looked_at(open_page, home, path)
    assert words in text_of(app)
    assert "Nothing was stored" in text_of(app)
    assert not [b for b in app.button if b.label == "Import"]


def test_pairs_that_are_here_already_are_told_from_new_ones(home: Path, tmp_path: Path, use_home: Use) -> None:
    export_pairs(use_home(home), PairFilter(), tmp_path / "out.jsonl")
    with (tmp_path / "out.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(GOOD) + "\n")
    app = AppTest.from_function(_look, kwargs={"path": str(tmp_path / "out.jsonl")}, default_timeout=60).run()
    assert not app.exception
    assert app.session_state["found"] == (5, 4)


def _look(path: str) -> None:
    import streamlit as st

    from app.importing import Wanted, look

    found = look(Wanted("import-x", path))
    assert found.preview is not None
    st.session_state["found"] = (len(found.preview.pair_ids), found.n_known)


def test_a_long_file_is_previewed_by_its_beginning_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, *({**GOOD, "n": i} for i in range(5)))
    assert preview(str(path)).whole
    assert preview(str(path), limit=3).report.rows == 3


def test_an_annotator_finds_the_import_closed_and_the_export_open(
    open_page: Open, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "music.toml").write_text('[people]\nwithout_sign_in = "annotator"')
    monkeypatch.setenv("MUSIC_CONFIG", str(tmp_path / "music.toml"))
    app = open_page("data", home)
    assert "needs the role operator; you are annotator" in text_of(app)
    assert next(s for s in app.segmented_control if s.label == "From").disabled
    app = open_page("data", home, {"export": "1"})
    next(b for b in app.button if b.label == "Prepare the file").click().run()
    assert not app.exception
    assert next(b for b in app.button if b.label == "Write by a run").disabled


def test_only_an_admin_restores_labels_of_others(open_page: Open, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        "token": "t",
        "pair_id": "p_x",
        "person": "oidc:ada@example.org",
        "choice": "left",
        "left_branch": "chosen",
        "blind": True,
        "verified": True,
    }
    path = write(tmp_path, row)
    assert "needs the role admin" not in text_of(looked_at(open_page, home, path))
    (tmp_path / "music.toml").write_text('[people]\nwithout_sign_in = "operator"')
    monkeypatch.setenv("MUSIC_CONFIG", str(tmp_path / "music.toml"))
    assert "needs the role admin; you are operator" in text_of(looked_at(open_page, home, path))
    app = open_page("jobs", home, {"new": "import", "path": str(path)})
    next(b for b in app.button if b.label == "Start").click().run()
    assert "needs the role admin; you are operator" in text_of(app)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.jsonl", "passwd.jsonl"),
        ("C:\\x\\rows.JSON.GZ", "rows.json.gz"),
        ("<img src=x>\u202e.parquet", "img_src_x.parquet"),
        ("....jsonl", "upload.jsonl"),
        (f"{'n' * 300}.jsonl", f"{'n' * 80}.jsonl"),
    ],
)
def test_a_hostile_name_of_an_upload_becomes_a_plain_one(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize("name", ["x.exe", "", "rows", "jsonl"])
def test_an_upload_of_an_unknown_ending_is_refused(name: str) -> None:
    with pytest.raises(SourceError):
        safe_name(name)


def test_uploads_go_when_their_run_has_finished_or_no_run_took_them_within_a_day(home: Path, use_home: Use) -> None:
    use_home(home)
    content = json.dumps(GOOD).encode()
    kept = [importing.keep_upload(f"import-{i}", "../rows.jsonl", io.BytesIO(content)) for i in range(3)]
    assert all(p.read_bytes() == content and p.parent.parent == home / "uploads" for p in kept)
    put_run(home, "import-0", "import", "finished", {"path": str(kept[0])}, report={})
    put_run(home, "import-1", "import", "failed", {"path": str(kept[1])}, error="x")
    importing.sweep()
    assert [p.exists() for p in kept] == [False, True, True]
    importing.sweep(now=kept[2].parent.stat().st_mtime + 2 * importing.KEEP_S)
    assert [p.exists() for p in kept] == [False, True, False]


@pytest.mark.parametrize("what", ["jsonl", "parquet"])
def test_an_export_of_a_filter_is_prepared_and_reads_back_to_the_same_pairs(open_page: Open, home: Path, tmp_path: Path, what: str) -> None:
    app = open_page("data", home, {"export": "1", "source": "rivers"})
    assert "<strong>3 pairs</strong> of this filter" in text_of(app)
    next(s for s in app.segmented_control if s.label == "As").set_value(what).run()
    next(b for b in app.button if b.label == "Prepare the file").click().run()
    assert not app.exception
    made = app.session_state["mw_export_ready"]
    assert made.rows == 3
    path = tmp_path / f"back.{what}"
    path.write_bytes(made.content)
    with read_source(str(path)) as back:
        assert sorted({p.pair.id for p in back.pairs}) == sorted(pair_ids(data.store(), PairFilter(sources=("rivers",))))
        assert {p.origin.source for p in back.pairs} == {"rivers"}


def test_an_export_by_a_run_keeps_the_filter_and_its_name_is_no_path(open_page: Open, home: Path) -> None:
    app = open_page("data", home, {"export": "1", "source": "rivers", "turns": "2.."})
    next(e for e in app.text_input if e.label == "Name of the file").set_value("mine.jsonl").run()
    next(b for b in app.button if b.label == "Write by a run").click().run()
    assert not app.exception
    (state,) = [s for s in api.list_runs(home=home) if s.kind == "export"]
    assert state.config["name"] == "mine.jsonl"
    assert Config(**state.config).filter == {"sources": ["rivers"], "turns": [2, 1_000_000]}
    for name in ("../x.jsonl", "/etc/x.jsonl", ".x.jsonl", "x.txt", "x"):
        with pytest.raises(ConfigError):
            Config(name)


def test_a_name_of_an_export_says_what_is_in_it() -> None:
    assert exporting.file_name("jsonl", ListState(source=("a/b c",), split=("test",))) == "pairs-a-b-c-test.jsonl"
    assert exporting.file_name("labels", ListState(source=("a",))) == "labels.jsonl"


def test_an_import_runs_only_of_what_was_previewed(home: Path, use_home: Use) -> None:
    use_home(home)
    importing.start(Wanted("import-unseen", "/nowhere.jsonl"))
    assert "import-unseen" not in runs_of(home)
