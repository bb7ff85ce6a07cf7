"""How the models of our rooms keep their history; a guard test asks this of every one of them."""

from collections.abc import Container
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models

from ledger.exempt import EXEMPT
from ledger.history import is_history
from ledger.models import InsertOnlyModel, RecordedModel, RecordedQuerySet

UNUSED_BY_DESIGN = {"groups", "user_permissions"}
"""Django's own many-to-many of a user: nobody is given a right that way, only through a recorded appointment."""


def our_models() -> list[type[models.Model]]:
    """The concrete models of the rooms of this project, history tables left out."""
    ours = [config for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR]
    return [
        model
        for config in ours
        for model in config.get_models()
        if not is_history(model) and model._meta.managed
    ]


def faults_of(model: type[models.Model], exempt: Container[str] = EXEMPT) -> list[str]:
    """What is wrong with how a model keeps its history, in plain words."""
    if model._meta.label in exempt or issubclass(model, InsertOnlyModel):
        return []
    if not hasattr(model._meta, "simple_history_manager_attribute"):
        return ["has neither `history = History()` nor an entry in ledger/exempt.py"]
    faults = []
    if not issubclass(model, RecordedModel):
        faults.append("keeps history but is no RecordedModel")
    if not isinstance(model._default_manager.get_queryset(), RecordedQuerySet):
        faults.append("has a manager whose bulk writes would leave no history")
    if model._meta.parents:
        faults.append("is spread over several tables: the parent's part would leave no history")
    faults.extend(
        f"{field.name}: the database would change it without history; use PROTECT or CASCADE"
        for field in model._meta.concrete_fields
        if getattr(field.remote_field, "on_delete", None) in {models.SET_NULL, models.SET_DEFAULT}
    )
    faults.extend(
        f"{field.name}: many-to-many rows leave no history"
        for field in model._meta.local_many_to_many
        if field.name not in UNUSED_BY_DESIGN
    )
    return faults
