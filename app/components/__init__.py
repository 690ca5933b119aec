"""Parts of pages: `show(...)`."""
