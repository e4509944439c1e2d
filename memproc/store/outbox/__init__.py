"""The outbox: what is told of jobs, to whom, and what became of it."""
