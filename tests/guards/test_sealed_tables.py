"""Sealed tables keep their columns: what was sealed is digested anew from the columns of its time."""

from typing import Any

import pytest
from django.apps import apps
from django.db import migrations
from django.db.migrations.loader import MigrationLoader

from ledger.seals.tables import models

BREAKING = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.DeleteModel,
    migrations.AlterModelTable,
)
BEFORE_THE_FIRST_RELEASE = {("records", "0003_alerts_are_kept_in_audit")}
"""Migrations that did so while nothing was sealed anywhere."""


def breaking(known: dict[tuple[str, str], Any], sealed: set[tuple[str, str]]) -> list[str]:
    """Operations that take a table or a column of a sealed model away."""
    found = []
    for (app, name), migration in sorted(known.items()):
        for one in migration.operations:
            model = getattr(one, "model_name", "") or getattr(one, "old_name", "") or getattr(one, "name", "")
            is_kept = (app, str(model).lower()) in sealed or str(model).lower().startswith("historical")
            if isinstance(one, BREAKING) and is_kept and (app, name) not in BEFORE_THE_FIRST_RELEASE:
                found.append(f"{app}.{name}: {one.describe()}")
    return found


def sealed_models() -> set[tuple[str, str]]:
    return {(model._meta.app_label, model._meta.model_name) for model in models()}


def test_no_migration_takes_a_column_of_a_sealed_table_away() -> None:
    ours = {
        config.label
        for config in apps.get_app_configs()
        if not config.name.startswith(("django.", "allauth"))
    }
    loader = MigrationLoader(None)
    known = {key: one for key, one in loader.disk_migrations.items() if key[0] in ours}
    assert len(known) > 20
    assert breaking(known, sealed_models()) == []


@pytest.mark.parametrize("kind", ["removed", "renamed"])
def test_a_planted_one_is_found(kind: str) -> None:
    planted = migrations.Migration("0099_planted", "records")
    planted.operations = [
        migrations.RemoveField("historicalstudent", "name")
        if kind == "removed"
        else migrations.RenameField("HistoricalStudent", "name", "called")
    ]
    assert len(breaking({("records", "0099_planted"): planted}, sealed_models())) == 1
