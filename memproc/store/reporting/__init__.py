"""What a report of a store or a job is made of, read from the rows."""
