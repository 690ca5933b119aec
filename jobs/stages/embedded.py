"""The embedded model's weights: fetched when a stage is the first to need them."""

from collections.abc import Iterable
from pathlib import Path

from jobs.context import RunContext
from music_core.chat.local import embedded_path, pull_embedded
from music_core.config import EMBEDDED


def ensure_weights(ctx: RunContext) -> Path:
    """Path of the embedded model's weights, fetched (98 MB) if they are not there. Raises `ChatError` when they cannot be."""
    path = embedded_path(ctx.settings.cache)
    return path if path.is_file() else pull_embedded(ctx.settings.cache, ctx.progress)


def ensure_for(ctx: RunContext, endpoints: Iterable[str]) -> None:
    """Fetch the weights if one of `endpoints` is the embedded model, served by ourselves."""
    if EMBEDDED in endpoints and not ctx.settings.endpoint(EMBEDDED).base_urls:
        ensure_weights(ctx)
