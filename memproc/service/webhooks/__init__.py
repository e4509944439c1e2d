"""Webhooks: what is told of jobs is posted to who asked for it, signed, in order, at least once.

`registering` adds and removes them, `sender.deliver` sends what is due, `signing` is the standard.
"""
