"""MinHash signatures of texts, and the index that finds texts that share many shingles."""
