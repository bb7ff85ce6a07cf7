"""Pages of the school's settings."""
