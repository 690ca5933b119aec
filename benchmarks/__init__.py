"""Side-by-side measurements; each prints one JSON object on its last line."""
