"""Code lists as forms offer them."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils import timezone

from school.models import Code


def codes_in_use(keys: Iterable[str]) -> QuerySet[Code]:
    """Entries of these code lists that hold today, in the order of their lists."""
    today = timezone.localdate()
    begun = Q(valid_from__isnull=True) | Q(valid_from__lte=today)
    not_over = Q(valid_until__isnull=True) | Q(valid_until__gte=today)
    rows: QuerySet[Code] = Code.objects.filter(begun, not_over, code_list__key__in=list(keys))
    return rows.select_related("code_list").order_by("code_list", "order", "code")


def code_choices(keys: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Code and label of these entries, by list."""
    found: dict[str, list[tuple[str, str]]] = {key: [] for key in keys}
    for code in codes_in_use(found):
        found[code.code_list.key].append((code.code, code.label))
    return found
