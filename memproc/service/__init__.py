"""A store as a service: workers that take jobs from its queue, an application that answers over HTTP, and who is
told of jobs. What an extra of its own needs is imported when it is first used; the library knows nothing of it.
"""
