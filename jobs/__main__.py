"""`python -m jobs` is the `music` command; `python -m jobs run RUN_ID` executes one submitted run."""

import sys


def main() -> None:
    """Run a submitted run, or else the command line."""
    if len(sys.argv) == 3 and sys.argv[1] == "run":
        from jobs.worker import run_worker

        raise SystemExit(run_worker(sys.argv[2]))
    from jobs.cli import main as command_line

    command_line(prog_name="music")


if __name__ == "__main__":
    main()
