"""Labels in the reader's language, inside a query."""

from django.db.models import F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, NullIf

from school.models import in_language


def label_of(path: str) -> Combinable:
    """The label of the unit, class or programme at ``path``: Chinese where no English name is kept."""
    name = F(f"{path}__name")
    english = Coalesce(NullIf(F(f"{path}__label_en"), Value("")), name)
    return english if in_language("zh", "en") == "en" else name
