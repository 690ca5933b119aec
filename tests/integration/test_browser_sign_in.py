"""Signing in with a real OpenID Connect provider on loopback: identities, roles, signing out, two people, two tabs."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from music_core.store.connect import open_store
from music_core.store.labels import label_history
from music_core.types import LabelEvent
from tests.app.samples import fill, rice_pair
from tests.integration.browser import ROOT, START_S, WAIT_MS, Server, Visit, free_port, visit

pytestmark = pytest.mark.integration
PAIR = rice_pair().id
PEOPLE = (
    {"sub": "ada", "email": "ada@example.org", "email_verified": True, "name": "Ada"},
    {"sub": "bob", "email": "bob@example.org", "email_verified": True, "name": "Bob", "groups": ["rm"]},
    {"sub": "vic", "email": "vic@example.org", "email_verified": True, "name": "Vic"},
    {"sub": "max", "email": "max@example.org", "email_verified": True, "name": "Max"},
    {"sub": "eve", "email": "ada@example.org", "email_verified": False, "name": "Ada"},
)
SETTINGS = """
[people.roles]
"ada@example.org" = "annotator"
"vic@example.org" = "viewer"
"max@example.org" = "admin"
[people.groups]
rm = "operator"
"""


@dataclass
class SignedServer(Server):
    """The workbench by `music app`, with its secrets in a file elsewhere."""

    def start(self) -> None:
        """Start and wait until it is healthy."""
        words = ["app", "--port", str(self.port), "--secrets", str(self.home / "people-secrets.toml"), "--host", "127.0.0.1"]
        env = {**os.environ, "MUSIC_HOME": str(self.home), "MUSIC_CONFIG": str(self.home / "music.toml"), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", "from jobs.cli import main; main()", *words]
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_S
        while not self._healthy():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"The server did not start:\n{self.log()}")
            time.sleep(0.2)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A provider that knows five people, in a process of its own."""
    port = free_port()
    words = [word for claims in PEOPLE for word in ("--user-claims", json.dumps(claims))]
    process = subprocess.Popen([sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *words], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/.well-known/openid-configuration"
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            break
        except OSError:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.2)
    yield url
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def server(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("signed")
    fill(home, n_plain=3).close()
    running = SignedServer(home)
    secrets = {
        "redirect_uri": f"{running.url}/oauth2callback",
        "cookie_secret": "not-a-secret-but-long-enough-for-a-test",
        "client_id": "music",
        "client_secret": "music",
        "server_metadata_url": provider,
    }
    (home / "people-secrets.toml").write_text("[auth]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in secrets.items()))
    (home / "music.toml").write_text(SETTINGS)
    with running:
        yield running


def events(home: Path) -> list[LabelEvent]:
    store = open_store(home)
    try:
        return [label.event for label in label_history(store, PAIR)]
    finally:
        store.close()


def sign_in(browser: Browser, server: Server, sub: str, path: str = f"label?pair={PAIR}") -> Visit:
    """A profile of its own, in which `sub` signs in from `path`."""
    found = visit(browser, server)
    found.open(path)
    authorize(found, sub)
    return found


def authorize(found: Visit, sub: str) -> None:
    found.page.get_by_role("button", name="Sign in", exact=True).first.click()
    found.page.get_by_placeholder("sub").fill(sub)
    found.page.get_by_role("button", name="Authorize").click()
    found.page.wait_for_url(f"{found.server.url}/**", timeout=WAIT_MS)


def sign_out(found: Visit, name: str) -> None:
    """Here, and at the provider, which asks once more."""
    found.page.get_by_role("button", name=name).click()
    found.page.get_by_role("button", name="Sign out").click()
    found.page.wait_for_url("**/oauth2/end_session**", timeout=WAIT_MS)
    found.page.get_by_role("button", name="End session").click()
    found.page.get_by_role("button", name="Sign in", exact=True).first.wait_for(timeout=WAIT_MS)


def test_a_label_is_stored_under_the_identity_that_signed_in_and_signing_out_closes_the_workbench(browser: Browser, server: Server) -> None:
    ada = visit(browser, server)
    ada.open(f"label?pair={PAIR}")
    assert ada.page.get_by_text("leftover rice").count() == 0
    assert ada.page.get_by_role("link", name="Jobs").count() == 0
    authorize(ada, "ada")
    ada.shown("leftover rice")
    assert ada.page.url.endswith(f"label?pair={PAIR}")
    ada.key("1")
    ada.shown("ada@example.org (signed in)")
    mine = [e for e in events(server.home) if e.person == "oidc:ada@example.org"]
    assert [(e.choice, e.verified) for e in mine] == [("left", True)]
    tab = Visit(ada.page.context.new_page(), server)
    tab.open("jobs?new=generate&assistant=scripted")
    tab.shown("needs the role operator; you are annotator")
    assert tab.page.get_by_role("button", name="Start", exact=True).is_disabled()
    sign_out(tab, "Ada")
    ada.open(f"label?pair={PAIR}")
    ada.shown("Sign in to read and label")
    assert ada.page.get_by_text("leftover rice").count() == 0
    ada.page.context.close()


def test_a_second_person_in_another_profile_labels_apart_and_may_launch_by_group(browser: Browser, server: Server) -> None:
    bob = sign_in(browser, server, "bob")
    bob.shown("leftover rice")
    assert bob.page.get_by_text("Stored and read back").count() == 0
    bob.key("2")
    bob.shown("bob@example.org (signed in)")
    assert [e.choice for e in events(server.home) if e.person == "oidc:bob@example.org"] == ["right"]
    bob.open("jobs?new=generate&assistant=scripted&n=2")
    assert bob.page.get_by_role("button", name="Start", exact=True).is_enabled()
    bob.page.context.close()


def test_a_viewer_reads_and_does_not_label(browser: Browser, server: Server) -> None:
    vic = sign_in(browser, server, "vic", "pairs")
    vic.page.locator("a.mw-open").first.wait_for(timeout=WAIT_MS)
    vic.open(f"label?pair={PAIR}")
    vic.shown("Labelling needs the role annotator; you are viewer.")
    assert vic.page.get_by_role("button", name="Left").count() == 0
    vic.page.context.close()


@pytest.mark.parametrize(
    ("sub", "named", "labels", "runs", "restores"),
    [
        ("vic", "Vic · viewer", False, False, False),
        ("ada", "Ada · annotator", True, False, False),
        ("bob", "Bob · operator", True, True, False),
        ("max", "Max · admin", True, True, True),
    ],
)
def test_each_role_finds_on_every_page_what_it_may_and_the_rest_off_with_the_reason(
    browser: Browser, server: Server, tmp_path: Path, sub: str, named: str, labels: bool, runs: bool, restores: bool
) -> None:
    who = sign_in(browser, server, sub, "pairs")
    who.page.get_by_role("button", name=named).wait_for(timeout=WAIT_MS)
    who.requests.clear()  # those of the provider's own page
    who.page.locator("a.mw-open").first.wait_for(timeout=WAIT_MS)
    who.open(f"label?pair={PAIR}")
    assert (who.page.locator(".st-key-mw-vote-bar").count() == 1) is labels
    assert (who.page.get_by_text("Labelling needs the role annotator").count() == 0) is labels
    who.open("label?make=1")
    make = who.page.get_by_role("button", name="Make the queue")
    assert (make.count() == 1) is labels
    assert (labels and make.is_enabled()) is runs
    who.open("jobs?new=generate&assistant=scripted&n=2")
    assert who.page.get_by_role("button", name="Start", exact=True).is_enabled() is runs
    assert (who.page.get_by_text("needs the role operator").count() == 0) is runs
    who.open("data")
    upload = who.page.locator("input[type=file]")
    assert upload.is_enabled() is runs
    if runs:
        row = {"token": "t", "pair_id": PAIR, "person": "oidc:x@example.org", "choice": "left", "left_branch": "chosen", "blind": True}
        (tmp_path / "labels.jsonl").write_text(json.dumps({**row, "verified": True}) + "\n", encoding="utf-8")
        upload.set_input_files(tmp_path / "labels.jsonl")
        who.page.get_by_role("heading", name="Preview").wait_for(timeout=WAIT_MS)
        who.settled()
        assert (who.page.get_by_text("needs the role admin; you are operator").count() == 0) is restores
    assert who.foreign_requests() == []
    who.page.context.close()


def test_an_address_that_the_provider_did_not_verify_opens_nothing(browser: Browser, server: Server) -> None:
    eve = sign_in(browser, server, "eve", "pairs")
    eve.shown("no role here yet")
    eve.shown("|eve")
    assert eve.page.locator("a.mw-open").count() == 0
    eve.page.context.close()


def test_a_tab_left_open_keeps_to_the_person_whom_it_shows(browser: Browser, server: Server) -> None:
    first = sign_in(browser, server, "ada")
    first.shown("Stored and read back")
    second = Visit(first.page.context.new_page(), server)
    second.open("pairs")
    sign_out(second, "Ada")
    authorize(second, "bob")
    second.page.get_by_role("button", name="Bob").wait_for(timeout=WAIT_MS)
    n_bob = sum(e.person == "oidc:bob@example.org" for e in events(server.home))
    assert first.page.get_by_role("button", name="Ada").is_visible()
    first.key("u")
    first.shown("Taken back")
    after = events(server.home)
    assert (after[-1].person, after[-1].choice, after[-1].verified) == ("oidc:ada@example.org", None, True)
    assert sum(e.person == "oidc:bob@example.org" for e in after) == n_bob
    first.page.context.close()
