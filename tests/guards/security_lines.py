"""Lines and things of the permission matrix for alerts, certificates and incidents."""

from django.utils import timezone

from records.models import BulkViewAlert, ReadingDay
from tests.factories import saved
from tests.guards.lines import Route, route
from tests.guards.world import World, kind


@kind
def alert(world: World) -> BulkViewAlert:
    """Somebody of the side's school read many files today."""
    day = ReadingDay.objects.create(reader=world.person, day=timezone.localdate(), students=[1])
    made: BulkViewAlert = saved(BulkViewAlert(school=world.unit, reading=day, reader=world.person, limit=50))
    return made


SECURITY: dict[str, Route] = {
    "audit:alerts": route("manage_incident", methods="GET POST"),
    "audit:alert": route("manage_incident", obj=lambda world: world.alert, methods="GET POST"),
}
