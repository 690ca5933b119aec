"""Numbers in, numbers out: judges and their parsing, verdicts, agreement."""
