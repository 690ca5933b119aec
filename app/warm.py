"""What the first page needs is made ready as soon as the server runs, rather than when the first browser has loaded its scripts.

Modules of the app are imported here, so that the server need not wait for them before it listens.
"""

import contextlib
import importlib
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from streamlit.starlette import App

from music_core.config import load_settings

_LOG = logging.getLogger("music.app")
# Its threads are waited for when the server ends: one that is cut off inside of DuckDB takes the process down with it.
_WARM = ThreadPoolExecutor(max_workers=2, thread_name_prefix="warm-up")


@contextlib.asynccontextmanager
async def warming_up(_app: App) -> AsyncIterator[None]:
    """For `App(lifespan=…)`."""
    _WARM.submit(_warm)
    yield


def _warm() -> None:
    # Whatever is wrong with the settings or the store, the page says it to whoever opens it.
    try:
        filled = _WARM.submit(_fill_index)
        main = importlib.import_module("app.main")
        reports = importlib.import_module("app.reports")
        main.import_page("overview")
        filled.result()
        compared = _WARM.submit(reports.agreement)
        reports.inventory()
        compared.result()
        main.import_pages()
    except Exception:
        _LOG.info("Not all was made ready before the first page.", exc_info=True)


def _fill_index() -> None:
    # DuckDB checks the signatures of its extensions, which takes half a second, while Python imports.
    attach = importlib.import_module("music_core.store.attach")
    settings = load_settings()
    attach.make_ready(attach.address(settings.home, settings.catalog, settings.data_path))
    importlib.import_module("app.data").store().indexed(lambda _: None)
