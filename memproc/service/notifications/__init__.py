"""Notifications: people are told how jobs end, by mail and chat, by rules that the store keeps.

`rules` says what a file of rules may hold, `notifier.notify` sends what is due.
"""
