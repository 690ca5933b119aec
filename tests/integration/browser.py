"""A real server on a free port with a store of its own, and Debian's Chromium to look at it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
START_S = 180.0
WAIT_MS = 90_000
# The name or words of what is focused; the scrolled region as a whole has none of its own.
FOCUSED = "(e => e.matches('main, body') ? '' : e.ariaLabel || e.innerText || '')(document.activeElement)"
# How the focused element and what frames it look, with the focus and without: the same would be a focus that cannot be seen.
LOOKS = """async () => {
  const focused = document.activeElement, around = [];
  for (let e = focused; e && around.length < 4; e = e.parentElement) around.push(e);
  const style = s => [s.outline, s.boxShadow, s.borderColor, s.backgroundColor].join();
  const look = () => around.map(e => style(getComputedStyle(e))).join(";");
  const settled = () => new Promise(done => setTimeout(done, 400));  // a colour changes over a moment
  await settled();
  const withFocus = look();
  focused.blur();
  await settled();
  const without = look();
  focused.focus();
  return [withFocus, without];
}"""


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass
class Server:
    """The workbench on a store's folder. Use it as a context; it can be killed and started again on its port."""

    home: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """The root address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it is healthy."""
        command = [sys.executable, "-m", "streamlit", "run", "app/entry/workbench.py", "--server.port", str(self.port)]
        env = {**os.environ, "MUSIC_HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_S
        while not self._healthy():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"The server did not start:\n{self.log()}")
            time.sleep(0.2)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)
            self.process = None

    def log(self) -> str:
        """Everything that the server wrote."""
        return (self.home / "server.log").read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()


@dataclass
class Visit:
    """A browser page on a server, with every request that it made."""

    page: Page
    server: Server
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Load an address and wait until the app has drawn it."""
        self.page.goto(f"{self.server.url}/{path}")
        self.settled()

    def settled(self) -> None:
        """Wait until a title is there and the server's script has ended."""
        self.page.wait_for_selector("h1", timeout=WAIT_MS)
        self.page.wait_for_selector('.stApp[data-test-script-state="notRunning"]', timeout=WAIT_MS)

    def shown(self, text: str) -> Locator:
        """The first element with this text, once it is visible."""
        found = self.page.get_by_text(text).filter(visible=True).first
        found.wait_for(timeout=WAIT_MS)
        return found

    def give_name(self, name: str, then: str = "in this queue") -> None:
        """Answer the Label page's question, and wait for what comes then."""
        form = self.page.locator(".st-key-mw-ask-name")
        form.get_by_label("Your name").fill(name)
        form.get_by_role("button", name="Use this name").click()
        self.shown(then)
        self.settled()

    def key(self, key: str) -> None:
        """Press a key with nothing focused, as late after the pair appeared as a person would."""
        self.settled()
        self.page.wait_for_timeout(700)
        self.page.evaluate("document.activeElement && document.activeElement.blur()")
        self.page.keyboard.press(key)

    def tab_to(self, words: str) -> None:
        """Press Tab until what is focused has these words or this name, and see that the focus is visible."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if words in self.page.evaluate(FOCUSED):
                with_focus, without = self.page.evaluate(LOOKS)
                assert with_focus != without, f"The focus on '{words}' cannot be seen."
                return
        raise AssertionError(f"Tab never comes to '{words}'")

    def foreign_requests(self) -> list[str]:
        """Requests to anything but the server under test."""
        return [
            url for url in self.requests if not url.startswith((self.server.url, f"ws://127.0.0.1:{self.server.port}", "data:", "blob:"))
        ]


def visit(browser: Browser, server: Server, *, width: int = 1440, scheme: str = "light") -> Visit:
    """A fresh browser profile with a page; dark or light as asked."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light")
    context.set_default_timeout(WAIT_MS)
    found = Visit(context.new_page(), server)

    def note(request: Request) -> None:
        found.requests.append(request.url)

    found.page.on("request", note)
    found.page.on("websocket", lambda socket: found.requests.append(socket.url))
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    return found


# Not for the whole session: Playwright keeps an event loop running in this thread, and tests elsewhere start their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium without a display; skipped where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"needs {CHROMIUM}")
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@contextmanager
def watched(browser: Browser, server: Server) -> Iterator[Visit]:
    """A visit that must end without an error of the page and without a request to elsewhere."""
    found = visit(browser, server)
    yield found
    assert not found.errors
    assert not found.foreign_requests()
    found.page.context.close()
