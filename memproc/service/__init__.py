"""Jobs as a service: what runs beside the library, and tells others what it does. An extra; the library knows nothing of it."""
