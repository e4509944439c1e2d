"""Jobs: who runs one, how far it is, and what the rows count."""
