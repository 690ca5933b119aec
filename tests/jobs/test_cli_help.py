"""Every command teaches, quickly."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from jobs.cli import main
from jobs.cli_docs import commands, page

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {words: command for words, command in commands(main, ()) if not isinstance(command, click.Group)}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_says_what_it_does_and_gives_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"music {' '.join(words)}" in result.output
    assert "--json" in result.output
    for option in COMMANDS[words].params:
        assert not isinstance(option, click.Option) or option.help, f"{option.name} is not explained"


def test_the_page_in_docs_is_what_the_help_texts_say() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == page(), "run: python -m jobs.cli_docs"


def test_help_and_the_list_of_runs_need_no_heavy_library(home: Path) -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom jobs.cli import main\n"
        "assert CliRunner().invoke(main, ['generate', '--help']).exit_code == 0\n"
        "assert CliRunner().invoke(main, ['jobs', 'list', '--json']).exit_code == 0\n"
        "heavy = {'duckdb', 'torch', 'transformers', 'streamlit', 'openai', 'numpy', 'pandas', 'rich', 'xllamacpp'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
