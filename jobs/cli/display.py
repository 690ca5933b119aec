"""Progress on stderr: bars on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_EVERY_S = 5.0


class ProgressDisplay:
    """Shows the steps of a run, one bar for each stage. `show` fits `jobs.context.Show`."""

    def __init__(self) -> None:
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._last_line: dict[str, tuple[float, str]] = {}

    def __enter__(self) -> "ProgressDisplay":
        """Take over the terminal's last lines if there is a terminal."""
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self._bars = Progress(
                TextColumn("[bold]{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}", markup=False),
                console=Console(stderr=True),
            )
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave the bars as they are and free the terminal."""
        if self._bars is not None:
            self._bars.stop()

    def show(self, stage: str, done: float, total: float, note: str) -> None:
        """Take one step into the display."""
        if self._bars is None:
            self._line(stage, done, total, note)
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total or None, note=note)
        self._bars.update(self._tasks[stage], completed=done, total=total or None, note=note)

    def _line(self, stage: str, done: float, total: float, note: str) -> None:
        now = time.monotonic()
        text = f"{stage}: {done:g}/{total:g} {note}".rstrip()
        last_at, last_text = self._last_line.get(stage, (float("-inf"), ""))
        if text == last_text or (now - last_at < LINE_EVERY_S and done < total):
            return
        self._last_line[stage] = (now, text)
        print(text, file=sys.stderr, flush=True)
