"""Who may do what and where: grants follow appointments, and questions cost two queries."""

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone
from guardian.models import UserObjectPermission
from guardian.shortcuts import get_objects_for_user

from accounts import scope
from accounts.apps import sync_again
from accounts.grants import sync_grants
from accounts.models import User
from accounts.roles import ADMINISTRATORS, ROLE_PERMISSIONS, STUDENT_DATA, Role
from school.models import Unit
from school.permissions import PERMISSIONS
from tests.cast import Cast
from tests.factories import appoint, make_unit, make_user, train, yesterday

pytestmark = pytest.mark.django_db


def fresh(user: User) -> User:
    """The user as a new request loads him."""
    return User.objects.get(pk=user.pk)


@pytest.mark.requirement("S0-4.3-1", "S0-5.1-1", "S0-5.1-2", "S1-2.1-1")
def test_a_role_on_a_unit_holds_for_its_subtree_and_nowhere_else(cast: Cast) -> None:
    below = set(Unit.objects.filter(ancestors__contains=[cast.school.pk]).values_list("pk", flat=True))
    assert set(scope.units_with(fresh(cast.clerk), "enter_applicant")) == {cast.school.pk, *below}
    assert scope.units_with(fresh(cast.outsider), "enter_applicant") == (cast.other_school.pk,)
    everything = set(scope.units_with(fresh(cast.bureau_officer), "view_applicant"))
    assert everything == {cast.bureau.pk, cast.school.pk, cast.other_school.pk, *below}
    assert scope.units_with(fresh(cast.clerk), "accept_applicant") == ()


def test_the_direct_query_answers_as_guardian_does(cast: Cast) -> None:
    for perm, user in itertools.product((codename for codename, _label in PERMISSIONS), cast.people.values()):
        guardian = get_objects_for_user(
            fresh(user), f"school.{perm}", Unit, with_superuser=False, accept_global_perms=False
        )
        roots = set(guardian.values_list("pk", flat=True))
        expected = {
            pk
            for pk, ancestors in Unit.objects.values_list("pk", "ancestors")
            if roots.intersection((pk, *ancestors))
        }
        assert set(scope.units_with(fresh(user), perm)) == expected


def test_any_number_of_questions_costs_two_queries(cast: Cast, django_assert_num_queries: object) -> None:
    user = fresh(cast.registrar)
    with django_assert_num_queries(2):  # type: ignore[operator]  # pytest-django's fixture
        for perm, _label in PERMISSIONS:
            scope.units_with(user, perm)
            scope.holds(user, perm)
        scope.demand(user, "view_student", cast.admissions.pk)


def test_an_appointment_that_ended_yesterday_gives_nothing_today(cast: Cast) -> None:
    user = make_user("短期", cast.admissions)
    row = appoint(user, Role.ARCHIVIST, cast.school, valid_until=timezone.localdate())
    assert scope.holds(fresh(user), "view_student")
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "localdate", lambda *args: tomorrow)
        assert not scope.holds(user, "view_student"), "an object from yesterday must not keep the right"
        assert not scope.holds(fresh(user), "view_student")
    assert row.withdrawn_at is None
    assert fresh(user).grants_synced_on == tomorrow


def test_an_appointment_that_begins_tomorrow_waits(cast: Cast) -> None:
    user = make_user("新任", cast.admissions)
    tomorrow = timezone.localdate() + timedelta(days=1)
    appoint(user, Role.ARCHIVIST, cast.school, valid_from=tomorrow)
    assert not scope.holds(fresh(user), "view_student")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "localdate", lambda *args: tomorrow)
        assert scope.holds(fresh(user), "view_student")


@pytest.mark.requirement("S0-3.3-1", "S1-8-6")
def test_an_entry_role_rests_without_a_valid_training(cast: Cast) -> None:
    user = make_user("未培训", cast.admissions)
    train(user, valid_until=yesterday())
    appoint(user, Role.ADMISSIONS_CLERK, cast.school, trained=False)
    assert not scope.holds(fresh(user), "enter_applicant")
    assert [reason.rests for reason in scope.why(fresh(user))] == [True]


def test_an_act_names_the_role_held_nearest(cast: Cast) -> None:
    user = make_user("两职", cast.archives)
    appoint(user, Role.ARCHIVE_HEAD, cast.bureau)
    appoint(user, Role.ARCHIVIST, cast.school)
    assert scope.roles_with(fresh(user), "accept_applicant", cast.archives.pk) == (
        Role.ARCHIVIST,
        Role.ARCHIVE_HEAD,
    )
    assert scope.role_for(fresh(user), "accept_applicant", cast.archives.pk) == "archivist"
    assert scope.role_for(fresh(user), "accept_applicant", cast.other_school.pk) == "archive_head"
    with pytest.raises(scope.NotPermitted):
        scope.role_for(fresh(user), "enter_applicant", cast.archives.pk)


def test_closed_units_stay_in_scope(cast: Cast) -> None:
    site = make_unit("旧教学点", cast.school, kind=Unit.Kind.SITE, is_active=False)
    assert site.pk in scope.units_with(fresh(cast.archivist), "view_student")


def test_a_locked_account_holds_nothing(cast: Cast) -> None:
    cast.clerk.is_active = False
    assert scope.units_with(cast.clerk, "enter_applicant") == ()


@pytest.mark.requirement("S1-5.3-2", "S2-11.2-2")
def test_no_administrator_holds_a_permission_on_student_data() -> None:
    for role in ADMINISTRATORS:
        assert not set(ROLE_PERMISSIONS[role]) & set(STUDENT_DATA), role


def test_every_role_and_permission_is_known() -> None:
    known = {codename for codename, _label in PERMISSIONS}
    assert set(ROLE_PERMISSIONS) == set(Role)
    used = {perm for perms in ROLE_PERMISSIONS.values() for perm in perms}
    assert used == known, used ^ known
    assert set(STUDENT_DATA) <= known


def test_the_casts_grants_are_those_that_the_program_writes(cast: Cast) -> None:
    def rows() -> set[tuple[int, str, str]]:
        return set(UserObjectPermission.objects.values_list("user_id", "permission__codename", "object_pk"))

    written = rows()
    for user in cast.people.values():
        sync_grants(user)
    assert rows() == written


def test_what_a_release_changes_in_roles_reaches_every_account(cast: Cast) -> None:
    UserObjectPermission.objects.filter(user=cast.clerk).delete()
    assert not scope.holds(fresh(cast.clerk), "enter_applicant")
    sync_again(sender=None)
    assert scope.holds(fresh(cast.clerk), "enter_applicant")
