"""The account that unattended work acts as; it has no usable password and cannot sign in."""

import uuid

from django.contrib.auth.hashers import make_password
from django.db import migrations
from django.utils import timezone

from ledger.context import SERVICE_USER


def add_service_user(apps, schema_editor):
    user_model = apps.get_model("accounts", "User")
    values = {
        "public_id": uuid.uuid4(),
        "staff_no": SERVICE_USER,
        "kind": "service",
        "name": "学籍系统",
        "must_change_password": False,
    }
    user = user_model(password=make_password(None), **values)
    user.save()
    apps.get_model("accounts", "HistoricalUser").objects.create(
        id=user.pk,
        history_user_id=user.pk,
        history_type="+",
        history_date=timezone.now(),
        history_role="service",
        **values,
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_initial"), ("ledger", "0001_initial")]

    operations = [migrations.RunPython(add_service_user, migrations.RunPython.noop)]
