"""Where records come from: files by their shape, and iterables. Each gives items, as they stand there, in order."""
