"""Pages of entries and penalties."""
