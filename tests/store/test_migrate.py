from pathlib import Path

import duckdb
import pytest

from music_core.errors import StoreError
from music_core.store import attach, migrate
from music_core.store.connect import open_store
from music_core.store.info import store_info
from music_core.store.pairs import PairFilter, add_pairs, list_pairs
from music_core.store.readings import add_readings, readings_of
from music_core.store.text import without_password
from music_core.types import Reading
from tests.store.conftest import make_pair

NEWEST = migrate.migrations()[-1][0]


def old_store(home: Path, version: int) -> None:
    """A store as the program of `version` left it."""
    connection = attach.connect(attach.address(home, None, None))
    migrate.upgrade(connection, up_to=version)
    assert migrate.schema_version(connection) == version
    connection.close()


def test_migrations_are_numbered_without_gaps() -> None:
    assert [number for number, _, _ in migrate.migrations()] == list(range(1, NEWEST + 1))


def test_an_older_store_is_upgraded_and_keeps_its_rows(tmp_path: Path) -> None:
    old_store(tmp_path, 1)
    connection = attach.connect(attach.address(tmp_path, None, None))
    connection.execute("INSERT INTO lake.run_rows VALUES ('r', 'generate', '{}', 'old', TIMESTAMP '2026-01-01')")
    connection.close()
    store = open_store(tmp_path)
    assert store.read("SELECT version FROM lake.migrations ORDER BY 1") == [(k,) for k in range(1, NEWEST + 1)]
    assert store.read("SELECT run_id, title FROM lake.runs") == [("r", "old")]
    assert add_pairs(store, [make_pair()]).new == 1
    store.close()


def test_readings_of_a_store_from_before_grades_are_kept_and_have_none(tmp_path: Path) -> None:
    old_store(tmp_path, 3)
    connection = attach.connect(attach.address(tmp_path, None, None))
    old = Reading("p", "j", "pairwise", "first", "A", "h", "e", "m", order="chosen_first")
    row = (old.id, "p", "j", "pairwise", "first", "A", "h", "e", "m", "chosen_first", None, None, None, 0, "stop", 0, 0, 0.0, None)
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO lake.reading_rows VALUES ({marks}, TIMESTAMP '2026-01-01')", row)  # noqa: S608 -- marks only
    connection.close()
    store = open_store(tmp_path)
    graded = Reading("p", "j", "score", "scored", "Score: 7", "h", "e", "m", branch="chosen", grade=7.0)
    assert readings_of(store, "p") == [old]
    assert add_readings(store, [old, graded], []) == 1
    assert readings_of(store, "p") == [old, graded]
    store.close()


def test_a_newer_store_is_refused_with_what_to_do(home: Path) -> None:
    store = open_store(home)
    store.write("schema", lambda s: s.rows("INSERT INTO lake.migrations VALUES (99, '0099_future.sql', TIMESTAMP '2030-01-01')"))
    store.close()
    with pytest.raises(StoreError, match=f"version 99.*only versions up to {NEWEST}.*Update the workbench"):
        open_store(home)


def test_a_home_that_is_no_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match=r"folder .*file.* cannot be used"):
            open_store(home)


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    old_store(tmp_path, 1)
    connection = attach.connect(attach.address(tmp_path, None, None))
    with pytest.raises(duckdb.Error):
        migrate.apply(connection, 2, "0002_bad.sql", "CREATE TABLE half (x INTEGER); SELECT * FROM nowhere;")
    assert migrate.schema_version(connection) == 1
    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'half'").fetchone() == (0,)
    connection.close()


def test_a_store_may_be_moved(home: Path, tmp_path: Path) -> None:
    store = open_store(home)
    item = make_pair()
    add_pairs(store, [item])
    store.close()
    home.rename(tmp_path / "it's moved")
    store = open_store(tmp_path / "it's moved")
    assert list_pairs(store, PairFilter(text="boil")).total == 1
    store.close()


def test_a_catalog_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="'mysql' is not a catalog"):
        open_store(tmp_path, catalog="mysql:db=x")


def test_a_catalog_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_text("this is not SQLite " * 100)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path)


def test_info_counts_what_is_there(home: Path) -> None:
    store = open_store(home)
    add_pairs(store, [make_pair(source="a"), make_pair("x", source="b")])
    info = store_info(store)
    assert info["counts"]["pairs"] == 2
    assert info["sources"] == {"a": 1, "b": 1}
    assert info["schema_version"] == NEWEST
    assert info["snapshots"]["newest"] == store.version()
    assert info["parquet_bytes"] > 0
    store.close()


@pytest.mark.parametrize(
    "address",
    [
        "postgres:host=db password=s3cret dbname=m",
        "postgres:host=db password = 's3cret it\\'s s3cret' dbname=m",
        "postgres:postgresql://ann:s3cret@db:5432/m",
        'Unable to connect at "dbname=m PASSWORD=s3cret"',
    ],
)
def test_passwords_are_not_shown(address: str) -> None:
    assert "s3cret" not in without_password(address)
    assert "***" in without_password(address)
