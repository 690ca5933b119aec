"""What the first page needs is made ready as soon as the server runs, rather than when the first browser has loaded its scripts.

Modules of the app are imported here, so that the server need not wait for them before it listens.
"""

import asyncio
import contextlib
import gc
import importlib
import logging
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from streamlit.starlette import App

_LOG = logging.getLogger("music.app")
# Streamlit warns of each cached function that is called without a session, as all are here.
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").addFilter(
    lambda _: not threading.current_thread().name.startswith("warm-up")
)


@contextlib.asynccontextmanager
async def warming_up(_app: App | None) -> AsyncIterator[None]:
    """For `App(lifespan=…)`. The server ends when what was begun in the background has ended, so that no commit is cut off."""
    thread = threading.Thread(target=_warm, name="warm-up")
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(thread.join)
        data = sys.modules.get("app.data")
        if data is not None:
            await asyncio.to_thread(data.end)


def _warm() -> None:
    # Whatever is wrong with the settings or the store, the page says it to whoever opens it.
    try:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="warm-up-beside") as beside:
            # First what fills the index, which takes longest and is DuckDB's work, while Python imports the rest.
            data = importlib.import_module("app.data")
            data.serve()
            filled = beside.submit(lambda: data.store().indexed(lambda _: None))
            main = importlib.import_module("app.main")
            reports = importlib.import_module("app.reports")
            main.import_page("overview")
            filled.result()
            compared = beside.submit(reports.agreement)
            reports.inventory()
            compared.result()
            main.import_pages()
    except Exception:
        _LOG.info("Not all was made ready before the first page.", exc_info=True)
    # As `memory.settle`, of what was imported since a page was first drawn.
    gc.collect()
    gc.freeze()
