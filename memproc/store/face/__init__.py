"""The public methods of `Store`, in groups."""
