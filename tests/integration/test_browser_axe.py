"""axe-core over every page and state, light and dark: nothing serious in what we draw, and headings in their order."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser

from music_core.store.labels import add_label
from music_core.store.queues import PoolPair, QueueHead, create_queue
from music_core.types import LabelChoice, LabelEvent
from tests.app.evaluations import benchmark_report, bon_report
from tests.app.runs import put_run
from tests.app.samples import fill, plain_pair, rice_pair
from tests.integration.browser import Server, Visit, visit

pytestmark = pytest.mark.integration

PAGES = (
    "",
    "pairs",
    "pairs?q=nothing-has-this",
    f"pair?pair={rice_pair().id}",
    "conversations",
    f"conversation?conversation={rice_pair().rejected.id}",
    "pair?pair=p_nothing",
    "label",
    "play",
    "agreement",
    "agreement?show=kappa&trained=1",
    "agreement?view=bias",
    "agreement?view=slices",
    "agreement?view=estimates",
    "evaluation",
    "models",
    "models?model=tiny",
    "jobs",
    "jobs?run=bon-done",
    "jobs?run=failed",
    "jobs?new=generate",
    "jobs?new=bon",
    "jobs?new=train",
    "data",
    "data?export=1",
)
# Rules that the framework's own markup breaks, each with what breaks it; nothing else may. None at Streamlit 1.67.
FRAMEWORK: Mapping[str, str] = {}
GRAVE = ("serious", "critical")
# Only moderate for axe, but whoever moves by headings is lost where a level is left out.
ALSO = ("heading-order",)
CONFIG = {"a": "longest", "b": ["random"], "assistant": "scripted", "judge": "scripted"}
N_PLAIN = 34
GROUND: Mapping[Literal["light", "dark"], str] = {"light": "rgb(251, 250, 247)", "dark": "rgb(22, 25, 28)"}


def _fill(home: Path) -> None:
    """Something for every page: a queue with labels, finished evaluations, a run that failed."""
    store = fill(home, n_plain=N_PLAIN, hostile=True)
    ids = [plain_pair(i, 2 + i % 4).id for i in range(N_PLAIN)]
    create_queue(store, QueueHead("halves", "uniform", 1, {"labels": 17}), [PoolPair(p, 0.5, k % 2 == 0) for k, p in enumerate(ids)])
    for k, pair_id in enumerate(ids[::2]):
        choice: LabelChoice = "right" if k % 4 == 0 else "left"
        add_label(store, LabelEvent(f"e{k}", pair_id, "Eve", choice, "chosen", True, queue="halves", probability=0.5))
    store.close()
    put_run(home, "bon-done", "bon", "finished", CONFIG, report=bon_report(), log="done\n")
    put_run(home, "bench-done", "benchmark", "finished", {"benchmark": "judgebench", "model": "tiny"}, report=benchmark_report("tiny"))
    put_run(home, "failed", "generate", "failed", {"n": 3}, error="The endpoint does not answer.", hint="Start it.", log="no answer\n")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("axe")
    _fill(home)
    with Server(home) as running:
        yield running


def _grave(reader: Visit) -> list[str]:
    """Findings that count as `scheme, rule: element`, those of the framework apart, of the page in light and then in dark."""
    reader.page.evaluate(AXE_SCRIPT)
    out = []
    for scheme, ground in GROUND.items():
        reader.page.emulate_media(color_scheme=scheme)
        reader.page.wait_for_function(f"getComputedStyle(document.querySelector('.stApp')).backgroundColor === '{ground}'")
        reader.page.wait_for_timeout(300)  # colours change over a moment
        found: list[dict[str, Any]] = reader.page.evaluate("axe.run().then(r => r.violations)")
        out += [
            f"{scheme}, {violation['id']}: {node['html'][:200]}"
            for violation in found
            if (violation["impact"] in GRAVE or violation["id"] in ALSO) and violation["id"] not in FRAMEWORK
            for node in violation["nodes"]
        ]
    return out


def _states(reader: Visit, person: str) -> Iterator[str]:
    """Every address and, where a page has states that no address names, each of them; the page is on screen when its name comes."""
    for path in PAGES:
        reader.open(path)
        yield path
    reader.open("label")
    reader.give_name(person)
    yield "label, before the vote"
    reader.page.get_by_role("button", name="Reasons").click()
    reader.page.get_by_label("Comment (optional)").wait_for()
    yield "label, reasons unfolded"
    reader.page.keyboard.press("Escape")
    reader.key("1")
    reader.shown("Stored and read back")
    yield "label, revealed"
    for path in ("label?queue=halves", "label?make=1", "label?source=nothing", "play"):
        reader.open(path)
        yield f"{path}, with a name"
    reader.open("pairs")
    reader.page.get_by_role("button", name=person).click()
    reader.page.locator(".st-key-mw-person-popover").wait_for()
    yield "who sits here"


def test_axe_finds_nothing_serious_on_any_page_and_headings_in_their_order(browser: Browser, server: Server) -> None:
    reader = visit(browser, server)
    found = {name: grave for name in _states(reader, "Ada") if (grave := _grave(reader))}
    reader.page.context.close()
    assert found == {}
