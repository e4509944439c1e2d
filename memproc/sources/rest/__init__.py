"""Records behind a web API, page by page: `pages` is the source, `paging` and `retrying` decide, `client` and `gate` reach out."""
