"""Who appraises and executes may be the suspect: what keeps a file from destruction tells him of no case (E.16)."""

import pytest
from django.utils.translation import override

from archive.retention.obstacles import in_the_way
from audit.incidents import actions
from tests.archive.appraising import leaver, ten_years
from tests.audit.test_incidents import reported
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-4.4-3")]


def test_the_reason_names_no_incident(cast: Cast) -> None:
    ten_years(cast)
    student = leaver(cast)
    number = student.enrolments.get().student_no
    actions.add_numbers(actor=cast.security_admin, incident=reported(cast), numbers=[number])
    with override("en"):
        (reason,) = in_the_way([student.pk], cast.school)[student.pk]
    assert "incident" not in reason.casefold() and "security administrator" in reason
