"""axe-core over every page, light and dark: nothing serious in what we draw."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser

from tests.app.samples import fill, rice_pair
from tests.integration.browser import Server, Visit, visit

pytestmark = pytest.mark.integration

PAGES = (
    "",
    "pairs",
    "pairs?q=nothing-has-this",
    f"pair?pair={rice_pair().id}",
    "conversations",
    f"conversation?conversation={rice_pair().rejected.id}",
    "label",
    "agreement",
    "agreement?view=bias",
    "agreement?view=slices",
    "agreement?view=estimates",
    "evaluation",
    "jobs",
    "jobs?new=generate",
    "jobs?new=bon",
)
# Rules that the framework's own markup breaks, each with what breaks it; nothing else may. None at Streamlit 1.67.
FRAMEWORK: Mapping[str, str] = {}
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("axe")
    fill(home, n_plain=34, hostile=True).close()
    with Server(home) as running:
        yield running


def _grave(reader: Visit) -> list[str]:
    """Serious and critical findings as `rule: element`, those of the framework apart."""
    reader.page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = reader.page.evaluate("axe.run().then(r => r.violations)")
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found
        if violation["impact"] in GRAVE and violation["id"] not in FRAMEWORK
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(browser: Browser, server: Server, scheme: str) -> None:
    reader = visit(browser, server, scheme=scheme)
    found: dict[str, list[str]] = {}
    for path in PAGES:
        reader.open(path)
        reader.page.wait_for_timeout(500)
        if grave := _grave(reader):
            found[path] = grave
    reader.page.context.close()
    assert found == {}
