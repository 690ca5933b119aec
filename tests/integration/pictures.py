"""The pictures in docs/images: every page, light and dark, 1440 and 900 pixels wide (`make pictures SHOW=FOLDER`).

Not a test: the pictures are looked at by people. They are made of a store that is given, since what a page looks like
depends on what is in it; docs/pages.md says which one it was.
"""

import argparse
import io
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from music_core.store.connect import open_store
from music_core.store.labels import recent_labels
from music_core.store.pairs import PairFilter, get_pair, pair_ids
from tests.integration.browser import CHROMIUM, FLAGS, Server, Visit, visit

FOLDER = Path(__file__).parents[2] / "docs" / "images"
WIDTHS = (1440, 900)
SCHEMES = ("light", "dark")
# Enough for text and two charts without a change of colour; a picture then takes about a third of its bytes.
COLOURS = 256
PERSON = "Ada"


def pages(home: Path) -> Mapping[str, str]:
    """Name of a picture → address, for what lies in the store: a pair that was built where there is one, one that is decided if any is."""
    store = open_store(home)
    try:
        built = pair_ids(store, PairFilter(methods=("one_call", "two_call", "swap"))) or pair_ids(store, PairFilter())
        side = get_pair(store, built[0]).pair.rejected.id
        decided = [label.event.pair_id for label in recent_labels(store, PERSON, limit=1_000) if label.event.choice != "skip"]
    finally:
        store.close()
    return {
        "overview": "",
        "pairs": "pairs",
        "pair": f"pair?pair={built[0]}",
        "conversations": "conversations",
        "conversation": f"conversation?conversation={side}",
        "label": f"label?pair={next((p for p in built if p not in decided), built[0])}",
        **({"label_revealed": f"label?pair={decided[0]}"} if decided else {}),
        "play": "play",
        "agreement": "agreement",
        "agreement_bias": "agreement?view=bias",
        "agreement_slices": "agreement?view=slices",
        "agreement_estimates": "agreement?view=estimates",
        "evaluation": "evaluation",
        "models": "models",
        "jobs": "jobs",
        "jobs_form": "jobs?new=generate",
        "data": "data",
    }


def _picture(reader: Visit, path: str, target: Path) -> None:
    reader.open(path)
    if path.startswith("label") and reader.page.locator(".st-key-mw-ask-name").count():
        reader.give_name(PERSON)
    # Charts draw themselves after the script has ended.
    reader.page.wait_for_timeout(2500)
    picture = Image.open(io.BytesIO(reader.page.screenshot()))
    picture.convert("RGB").quantize(COLOURS).save(target, optimize=True)


def make(browser: Browser, home: Path, only: tuple[str, ...]) -> None:
    """Write the pictures of the pages named in `only` (empty: all)."""
    wanted = {name: path for name, path in pages(home).items() if not only or name in only}
    with Server(home) as server:
        for scheme in SCHEMES:
            for width in WIDTHS:
                reader = visit(browser, server, width=width, scheme=scheme)
                for name, path in wanted.items():
                    _picture(reader, path, FOLDER / f"{name}_{scheme}_{width}.png")
                reader.page.context.close()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the store to show, as in MUSIC_HOME")
    parser.add_argument("only", nargs="*", help="names of pages; none: all")
    words = parser.parse_args()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        make(browser, words.home, tuple(words.only))
        browser.close()


if __name__ == "__main__":
    main()
