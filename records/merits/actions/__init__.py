"""Writes of entries and penalties."""
