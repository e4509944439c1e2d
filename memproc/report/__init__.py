"""What happened: events of an ingestion, folded into a report, and how they are shown."""
