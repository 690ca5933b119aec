"""What `python -m benchmarks.browse` measures: the server's functions, the browser, and beside each the least that it could take."""
