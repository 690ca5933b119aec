"""Reports as one HTML file: values are gathered, drawn as figures with a table under each, and written into a page."""
