"""A store as a service: workers that take jobs from its queue, and an application that answers over HTTP."""
