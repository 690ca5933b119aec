"""What a person at the screen waits for: a start, a key. Real servers, a real Chromium, times taken inside of the page."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

import psutil
from playwright.sync_api import Browser, Page, sync_playwright
from streamlit import config

from benchmarks.browsing.timing import Times
from music_core.store.connect import open_store
from music_core.store.pairs import PairFilter, get_pairs, pair_ids

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
WORKBENCH, MINIMAL = "app/entry/workbench.py", "benchmarks/browsing/minimal_page.py"
# The settings of ours that change how long a run takes, as Streamlit has them by itself.
_BY_ITSELF = ("runner.postScriptGC", "client.allowedOrigins")
PRESSES, STARTS, WAIT_MS = 25, 3, 600_000
PERSON = "Gus"
# Longer than the app takes for the second half of a double click.
REST_MS = 600
IDLE = '.stApp[data-test-script-state="notRunning"]'
# Starts the clock at the key and stops it in the first frame in which the awaited state stands and the script has ended.
_WATCH = """([wanted, unwanted]) => {
  window.__taken = null;
  let start = null;
  window.addEventListener('keydown', () => { start = performance.now(); }, { capture: true, once: true });
  const look = () => {
    const there = start !== null && document.querySelector(wanted) && !(unwanted && document.querySelector(unwanted));
    if (there && document.querySelector('IDLE')) { window.__taken = performance.now() - start; return; }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}""".replace("IDLE", IDLE)


@dataclass
class Server:
    """One Streamlit script on a free port, as a context; `options` are added to the command."""

    script: str
    environment: dict[str, str]
    options: tuple[str, ...] = ()
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The root address."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Server":
        with socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = int(s.getsockname()[1])
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            self.script,
            "--server.port",
            str(self.port),
            "--server.headless",
            "true",
            *self.options,
        ]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | self.environment, stdout=quiet, stderr=quiet, start_new_session=True
        )
        until = time.monotonic() + 180
        while not self._healthy():
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"{self.script} did not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(30)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def rss_mb(self) -> float:
        """Resident memory of the server's process."""
        assert self.process is not None
        return round(psutil.Process(self.process.pid).memory_info().rss / 1e6, 1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the browser saw: keys in milliseconds, starts in seconds, memory in MB right after the first page and at the end.

    The floor of `keys` is the minimal page as Streamlit runs it by itself; `tuned_ms` is the same page under our settings.
    """

    keys: dict[str, Times]
    tuned_ms: tuple[float, ...]
    start_s: tuple[float, ...]
    floor_start_s: tuple[float, ...]
    rss_first_mb: float
    rss_mb: float
    floor_rss_mb: float


def measure(home: Path, folder: Path) -> Seen:
    """Start the workbench on `home` and a minimal page on the same conversations, and press keys on both in turns."""
    file = folder / "pairs.json"
    first, n_written = _write_pairs(home, file)
    ours, floor = {"MUSIC_HOME": str(home)}, {"PAIRS": str(file)}
    with sync_playwright() as play:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        starts = [(_start(browser, WORKBENCH, ours, "h1"), _start(browser, MINIMAL, floor, "button")) for _ in range(STARTS)]
        with Server(WORKBENCH, ours) as workbench, Server(MINIMAL, floor, by_itself()) as minimal, Server(MINIMAL, floor) as tuned:
            desk = _page(browser, workbench.url, "h1")
            rss_first = workbench.rss_mb()
            _every_page(desk, workbench.url, first)
            bare = [_page(browser, server.url, "button") for server in (minimal, tuned)]
            keys, tuned_ms = _keys(desk, workbench.url, bare[0], bare[1], min(PRESSES, n_written))
            seen = Seen(keys, tuned_ms, *_apart(starts), rss_first, workbench.rss_mb(), minimal.rss_mb())
        browser.close()
    return seen


def by_itself() -> tuple[str, ...]:
    """Options that put back what our settings change about how long a run takes."""
    options = []
    for name in _BY_ITSELF:
        # The present values are those of our settings.
        value = config._config_options_template[name].default_val
        for one in value if isinstance(value, list) else [value]:
            options += [f"--{name}", str(one)]
    return tuple(options)


def named(browser: Browser, url: str, person: str) -> Page:
    """The Label page in a profile of its own, under a name."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(WAIT_MS)
    _give_name(page, url, person)
    return page


def _give_name(page: Page, url: str, person: str) -> None:
    _open(page, url)
    form = page.locator(".st-key-mw-ask-name")
    form.get_by_label("Your name").fill(person)
    form.get_by_role("button", name="Use this name").click()
    page.wait_for_selector('[class*="st-key-mw-skip-"]')


def _apart(starts: list[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(a for a, _ in starts), tuple(b for _, b in starts)


def _write_pairs(home: Path, file: Path) -> tuple[str, int]:
    """The conversations at the head of everybody's queue, for the minimal page; the first id and how many there are."""
    store = open_store(home)
    ids = sorted(pair_ids(store, PairFilter()))[: 3 * PRESSES]
    pairs = [[[m.content for m in side.messages] for side in (p.pair.chosen, p.pair.rejected)] for p in get_pairs(store, ids)]
    store.close()
    file.write_text(json.dumps(pairs), encoding="utf-8")
    return ids[0], len(ids)


def _page(browser: Browser, url: str, wanted: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(WAIT_MS)
    _open(page, url, wanted)
    return page


def _open(page: Page, url: str, wanted: str = "h1") -> None:
    page.goto(url)
    page.wait_for_selector(wanted)
    page.wait_for_selector(IDLE)


def _start(browser: Browser, script: str, environment: dict[str, str], wanted: str) -> float:
    """Seconds from starting the process until its first page is complete in the browser."""
    start = time.monotonic()
    with Server(script, environment) as server:
        page = _page(browser, server.url, wanted)
        taken = time.monotonic() - start
        page.context.close()
    return taken


def _every_page(page: Page, url: str, pair_id: str) -> None:
    views = [f"agreement?view={view}" for view in ("matrix", "bias", "slices", "estimates")]
    lists = ("pairs", "pairs?sort=chars&source=generated", "pairs?q=quokka", "conversations")
    for path in ("", *lists, f"pair?pair={pair_id}", *views, "evaluation", "models", "jobs", "data"):
        _open(page, f"{url}/{path}")


def _keys(desk: Page, url: str, plain: Page, tuned: Page, n: int) -> tuple[dict[str, Times], tuple[float, ...]]:
    """Per key its times beside those of the minimal page: S stores and goes on; 1 stores and shows the answer; N goes on."""
    _give_name(desk, f"{url}/label", PERSON)
    taken: dict[str, list[float]] = {"skip_to_next": [], "vote_to_answer": [], "answer_to_next": [], "floor": [], "tuned": []}
    for i in range(-1, n):
        now = {"skip_to_next": press_on(desk, "s", "mw-skip-"), "floor": press_on(plain, "1", "vote-")}
        now["tuned"] = press_on(tuned, "1", "vote-")
        now["vote_to_answer"] = _press(desk, "1", ".mw-decided", "")
        now["answer_to_next"] = _press(desk, "n", '[class*="st-key-mw-skip-"]', ".mw-decided")
        if i >= 0:  # the first round warms both up
            for name, value in now.items():
                taken[name].append(value)
    floor, of_tuned = tuple(taken.pop("floor")), tuple(taken.pop("tuned"))
    return {name: Times(tuple(values), floor) for name, values in taken.items()}, of_tuned


def press_on(page: Page, key: str, prefix: str) -> float:
    """A press that brings the next pair: the button whose key begins with `prefix` gives way to another one."""
    page.wait_for_selector(IDLE)
    before = page.evaluate(
        f"""[...document.querySelector('[class*="st-key-{prefix}"]').classList].find(c => c.startsWith('st-key-{prefix}'))"""
    )
    return _press(page, key, f'[class*="st-key-{prefix}"]:not(.{before})', f".{before}")


def _press(page: Page, key: str, wanted: str, unwanted: str) -> float:
    page.wait_for_selector(IDLE)
    page.wait_for_timeout(REST_MS)
    page.evaluate("document.activeElement && document.activeElement.blur()")
    page.evaluate(_WATCH, [wanted, unwanted])
    page.keyboard.press(key)
    page.wait_for_function("window.__taken !== null")
    return float(page.evaluate("window.__taken"))


def median_s(values: tuple[float, ...]) -> float:
    """Median of seconds, to hundredths."""
    return round(statistics.median(values), 2)
