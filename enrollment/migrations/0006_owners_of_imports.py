"""Imports get an owner; names of files inside a ZIP and of a refusal stand encrypted, since they name pupils."""

import json
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.crypto


def seal_names(apps: Any, schema_editor: Any) -> None:
    """Encrypt names that stood plain, and number the workbooks of each ZIP."""
    rows = apps.get_model("enrollment", "ImportRow").objects.exclude(member_file_plain="")
    numbers: dict[int, dict[str, int]] = {}
    for row in rows.order_by("import_job", "member_file_plain").iterator(chunk_size=1000):
        known = numbers.setdefault(row.import_job_id, {})
        row.member = known.setdefault(row.member_file_plain, len(known) + 1)
        row.member_file = row.member_file_plain
        row.save(update_fields=["member", "member_file"])
    for job in apps.get_model("enrollment", "ImportJob").objects.exclude(refusal_params={}):
        job.refusal_detail = json.dumps(job.refusal_params, ensure_ascii=False)
        job.save(update_fields=["refusal_detail"])


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0005_work_on_many"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="importjob",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="owner",
            ),
        ),
        migrations.RunSQL(
            "UPDATE enrollment_importjob SET owner_id = created_by_id; SET CONSTRAINTS ALL IMMEDIATE",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="importjob",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="owner",
            ),
        ),
        migrations.RemoveConstraint(model_name="importrow", name="import_row_unique"),
        migrations.RenameField("importrow", "member_file", "member_file_plain"),
        migrations.AddField(
            "importrow", "member_file", core.crypto.EncryptedTextField(blank=True, default="")
        ),
        migrations.AddField("importrow", "member", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "importjob", "refusal_detail", core.crypto.EncryptedTextField(blank=True, default="")
        ),
        migrations.RunPython(seal_names, migrations.RunPython.noop),
        migrations.RemoveField("importrow", "member_file_plain"),
        migrations.RemoveField("importjob", "refusal_params"),
        migrations.AddConstraint(
            model_name="importrow",
            constraint=models.UniqueConstraint(
                fields=("import_job", "row_number", "member"), name="import_row_unique"
            ),
        ),
    ]
