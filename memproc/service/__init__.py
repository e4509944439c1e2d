"""Jobs as a service: workers that take them from the queue, and who is told of them. What an extra of its own needs is imported
when it is first used; the library knows nothing of it.
"""
