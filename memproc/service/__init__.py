"""Jobs as a service: workers that take them from the queue. What an extra of its own needs is imported when it is first used."""
