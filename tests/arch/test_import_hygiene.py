"""What a module may pull in at run time, seen from a fresh interpreter."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import app
import jobs
import music_core

ROOT = Path(__file__).resolve().parents[2]


def modules_of(package: object, prefix: str) -> list[str]:
    """Names of all modules below a package, found without importing them."""
    path = [str(p) for p in package.__path__]  # type: ignore[attr-defined]
    return [m.name for m in pkgutil.walk_packages(path, prefix=f"{prefix}.", onerror=lambda _: None)]


def loaded_after(statement: str) -> set[str]:
    """Top-level modules in `sys.modules` after `statement` ran in a new interpreter."""
    code = f"import sys\n{statement}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


def import_all(names: list[str]) -> str:
    return "import importlib\n" + "\n".join(f"importlib.import_module({n!r})" for n in names)


def test_the_core_and_the_jobs_import_without_streamlit() -> None:
    names = modules_of(music_core, "music_core") + [n for n in modules_of(jobs, "jobs") if not n.endswith("__main__")]
    assert len(names) > 30
    assert "streamlit" not in loaded_after(import_all(names))


def test_the_apps_pages_import_without_torch() -> None:
    names = [n for n in modules_of(app, "app") if n != "app.entry.page"]  # it draws when it is imported
    assert any(n.startswith("app.pages.") for n in names)
    loaded = loaded_after(import_all(names))
    assert "streamlit" in loaded
    assert not loaded & {"torch", "transformers", "accelerate"}


@pytest.mark.parametrize("statement", ["import jobs.cli", "import music_core.types, music_core.config"])
def test_the_command_line_starts_without_heavy_parts(statement: str) -> None:
    assert not loaded_after(statement) & {"torch", "transformers", "streamlit", "duckdb", "pandas", "openai"}
