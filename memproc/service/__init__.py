"""A store as a service: for programs that ask over HTTP instead of calling a library."""
