"""A report as a page: what it consists of, and how that is shown as HTML, Markdown, CSV and JSON."""
