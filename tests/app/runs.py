"""Runs in every state, written as the runner writes them and without starting a process."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs import api
from jobs.folder import Progress, RunFolder
from jobs.owner import this_process
from jobs.runner import LocalRunner
from music_core.types import Run, RunStatus


def put_run(
    home: Path,
    run_id: str,
    kind: str,
    status: RunStatus,
    config: Mapping[str, Any] | None = None,
    *,
    report: Mapping[str, Any] | None = None,
    title: str = "",
    error: str = "",
    hint: str = "",
    log: str = "",
) -> RunFolder:
    """One run in the folder of `home`. A running one belongs to this process, so it counts as alive and takes a slot."""
    full = api.new_run(kind, config or {}).config
    folder = LocalRunner(home, slots=1).create(Run(run_id, kind, full, datetime.now(UTC), title))
    now = time.time()
    ended = status not in ("queued", "running")
    folder.change(
        status=status,
        started_at=None if status == "queued" else now - 60,
        finished_at=now if ended else None,
        owner=this_process() if status == "running" else None,
        error=error,
        hint=hint,
    )
    if status == "running":
        folder.set_progress(Progress(done=30, total=120, note="half of it", at=now, beat=now, base_done=0, base_at=now - 60))
    if report is not None:
        folder.set_report(report)
    if log:
        folder.log_path.write_text(log, encoding="utf-8")
    return folder
