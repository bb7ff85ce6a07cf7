"""Consents (同意): recorded for a student or for many of a sharing at once, and withdrawn."""
