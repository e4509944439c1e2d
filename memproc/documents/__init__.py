"""Documents by template: one for each memory, subject, day, namespace or query, in a folder, a zip archive or one file."""
