"""What changes a store: batches, decisions, forgetting, rebuilding, replay."""
