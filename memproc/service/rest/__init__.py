"""A store over HTTP: the application, its routes, and what stands before each of them."""
