"""The database: connections, transactions, tables and how a store is made; nothing about memories."""
