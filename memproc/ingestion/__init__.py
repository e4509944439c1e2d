"""The one loop: sources are opened, read, prepared, batched and landed, and can be resumed."""
