"""The store for `asyncio`."""
