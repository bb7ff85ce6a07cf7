"""Inquiries (查阅): approved by both heads, narrowed, read in presence, closed with a report."""
