"""E-mail addresses stand encrypted, in live rows and in their history."""

from typing import Any

from django.db import migrations

import core.crypto
from core.encrypting import seal_column, unseal_column

TABLES = (("records_student", "id"), ("records_historicalstudent", "history_id"))
CONTEXT = "records.Student.email"


def seal(apps: Any, schema_editor: Any) -> None:
    for table, key in TABLES:
        seal_column(schema_editor, table, key, "email", CONTEXT)


def unseal(apps: Any, schema_editor: Any) -> None:
    for table, key in TABLES:
        unseal_column(schema_editor, table, key, "email", CONTEXT, length=80)


class Migration(migrations.Migration):
    dependencies = [("records", "0005_list_by_student_no")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(seal, unseal)],
            state_operations=[
                migrations.AlterField(
                    model_name="student",
                    name="email",
                    field=core.crypto.EncryptedTextField(blank=True, default="", verbose_name="e-mail"),
                ),
                migrations.AlterField(
                    model_name="historicalstudent",
                    name="email",
                    field=core.crypto.EncryptedTextField(
                        blank=True, context=CONTEXT, default="", verbose_name="e-mail"
                    ),
                ),
            ],
        )
    ]
