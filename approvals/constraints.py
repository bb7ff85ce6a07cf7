"""What the database holds about typed requests beside Django's own constraints; used in migrations."""

from django.db import migrations

_ADD = """
    ALTER TABLE {table} ADD CONSTRAINT {table}_same_requester
    FOREIGN KEY (request_id, requester_id) REFERENCES approvals_request (id, requester_id) DEFERRABLE INITIALLY DEFERRED
"""
_DROP = "ALTER TABLE {table} DROP CONSTRAINT {table}_same_requester"

REQUESTER_KEY = migrations.RunSQL(
    "ALTER TABLE approvals_request ADD CONSTRAINT request_requester_key UNIQUE (id, requester_id)",
    "ALTER TABLE approvals_request DROP CONSTRAINT request_requester_key",
)
"""What `same_requester` refers to."""


def same_requester(table: str) -> migrations.RunSQL:
    """Hold the requester of a typed row equal to the one of its request."""
    return migrations.RunSQL(_ADD.format(table=table), _DROP.format(table=table))
