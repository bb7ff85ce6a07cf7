"""Starts the application in this process, on the database that the environment names, as its own role."""

import os

import django


def start() -> None:
    """Set Django up, without a connection pool: one process asks at a time."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
