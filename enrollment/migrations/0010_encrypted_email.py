"""E-mail addresses stand encrypted, in live rows and in their history."""

from typing import Any

from django.db import migrations

import core.crypto
from core.encrypting import seal_column, unseal_column

TABLES = (("enrollment_applicant", "id"), ("enrollment_historicalapplicant", "history_id"))
CONTEXT = "enrollment.Applicant.email"


def seal(apps: Any, schema_editor: Any) -> None:
    for table, key in TABLES:
        seal_column(schema_editor, table, key, "email", CONTEXT)


def unseal(apps: Any, schema_editor: Any) -> None:
    for table, key in TABLES:
        unseal_column(schema_editor, table, key, "email", CONTEXT, length=80)


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0009_present_students")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(seal, unseal)],
            state_operations=[
                migrations.AlterField(
                    model_name="applicant",
                    name="email",
                    field=core.crypto.EncryptedTextField(blank=True, default="", verbose_name="e-mail"),
                ),
                migrations.AlterField(
                    model_name="historicalapplicant",
                    name="email",
                    field=core.crypto.EncryptedTextField(
                        blank=True, context=CONTEXT, default="", verbose_name="e-mail"
                    ),
                ),
            ],
        )
    ]
