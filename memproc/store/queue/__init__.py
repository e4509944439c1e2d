"""The queue: which jobs wait, which is next, who runs it, and what became of it."""
