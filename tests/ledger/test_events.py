"""Events: known names, small details, who and whose, and partitions that always take them."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from ledger import events
from ledger.context import NoActor, acting, close, open_request
from ledger.history import NewRows, write_columns
from ledger.models import Event
from ledger.partitions import ensure_partitions, partition_name
from records.models import Student
from school.models import Unit


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_actions", dict(events._actions))
    events.register("probe.done", "Probe done")
    events.register("probe.tried", "Probe tried", anonymous=True)


def test_an_event_takes_along_who_whose_and_why(somebody: Any) -> None:
    student = Student(pk=5, public_id=uuid.uuid4(), name="王小明")
    token = open_request(lambda: somebody, address="2001:db8::1")
    with acting(somebody, role="archivist", reason="visit", request_no="Q-1"):
        written = events.record(
            "probe.done", actor=somebody, obj=student, unit_id=3, purpose="check", detail={"rows": 2}
        )
    close(token)
    read = Event.objects.get(pk=written.pk)
    assert (read.actor, read.role, read.action, read.result) == (somebody, "archivist", "probe.done", "done")
    assert (read.object_type, read.object_id, read.object_uuid) == ("records.Student", 5, student.public_id)
    assert (read.subject, read.unit_id) == (student.public_id, 3)
    assert (read.reason, read.request_no, read.purpose, read.detail) == ("visit", "Q-1", "check", {"rows": 2})
    assert read.address == "2001:db8::1" and read.request_id and read.xid and read.salt


def test_the_role_of_one_is_not_put_down_to_another(somebody: Any, somebody_else: Any) -> None:
    with acting(somebody, role="archivist"):
        assert events.record("probe.done", actor=somebody_else).role == ""


def test_a_unit_is_its_own_place(somebody: Any) -> None:
    assert events.record("probe.done", actor=somebody, obj=Unit(pk=9)).unit_id == 9


def test_unknown_names_are_refused(somebody: Any) -> None:
    with pytest.raises(events.UnknownAction):
        events.record("probe.forgotten", actor=somebody)
    for name in ("probe", "Probe.done", "probe.", "probe.done.twice", ""):
        with pytest.raises(ValueError, match=r"thing\.verb"):
            events.register(name, "x")
    with pytest.raises(ValueError, match="already"):
        events.register("probe.done", "Something else")
    assert events.label("probe.done") == "Probe done"
    assert events.label("long.gone") == "long.gone"


def test_every_registered_name_has_a_label() -> None:
    with translation.override("en"):
        for name, action in events.actions().items():
            assert str(action.label).strip() and str(action.label) != name


@pytest.mark.parametrize(
    "detail",
    [
        {"nested": {"a": 1}},
        {"nested": [[1]]},
        {"obj": object()},
        {"text": "x" * 201},
        {"many": list(range(101))},
        {"not a name": 1},
        {**{f"k{number}": "x" * 190 for number in range(20)}},
        {"who": "11010520180101123X"},
        {"who": ["a", "13812345678"]},
        {"who": 110105201801011234},
    ],
)
def test_details_are_small_and_flat_and_name_nobody(somebody: Any, detail: dict[str, Any]) -> None:
    with pytest.raises(events.BadDetail):
        events.record("probe.done", actor=somebody, detail=detail)
    assert not Event.objects.filter(action="probe.done").exists()


def test_only_a_refused_or_failed_act_may_have_no_actor(db: None) -> None:
    with pytest.raises(NoActor):
        events.record("probe.done", actor=None, result="refused")
    with pytest.raises(NoActor):
        events.record("probe.tried", actor=None)
    assert events.record("probe.tried", actor=None, result="failed").actor is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Event(action="probe.tried", actor=None, result="done").save()


def test_many_events_at_once(somebody: Any) -> None:
    students = [Student(pk=number, public_id=uuid.uuid4()) for number in range(1, 30)]
    count = events.record_many(
        "probe.done", students, actor=somebody, reason="bulk", detail=lambda student: {"place": student.pk}
    )
    written = list(Event.objects.filter(action="probe.done").order_by("object_id"))
    assert count == len(written) == 29
    assert [event.subject for event in written] == [student.public_id for student in students]
    assert [event.detail for event in written] == [{"place": student.pk} for student in students]
    assert {event.reason for event in written} == {"bulk"}
    assert len({event.salt for event in written}) == 29
    assert events.record_many("probe.done", [], actor=somebody) == 0


def test_rows_written_in_columns_get_the_events_that_rows_get(somebody: Any) -> None:
    ids = [uuid.uuid4() for _place in range(3)]
    rows = NewRows(
        Student, 3, {"public_id": ids, "archive_no": ["a", "b", "c"]}, {"name": "王小明"}, subjects=ids
    )
    keys = write_columns(rows, actor=somebody)
    assert events.record_written("probe.done", rows, keys, actor=somebody, role="clerk", reason="bulk") == 3
    stored = list(Student.objects.in_bulk(keys).values())
    events.record_many("probe.done", stored, actor=somebody, role="clerk", reason="bulk")
    apart = {"id", "at", "salt"}
    events_of = [
        [{name: value for name, value in event.items() if name not in apart} for event in written]
        for key in keys
        if (written := Event.objects.filter(action="probe.done", object_id=key).order_by("id").values())
    ]
    assert len(events_of) == 3
    assert all(by_columns == by_rows for by_columns, by_rows in events_of)
    assert [one["subject"] for one, _other in events_of] == ids


def _partition_of(event: Event) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM ledger_event WHERE id = %s", [event.pk])
        return str(cursor.fetchone()[0])


def test_each_month_has_its_partition_and_the_rest_has_a_place(somebody: Any) -> None:
    this_month = datetime.now(UTC).replace(day=15)
    for at in (this_month, this_month.replace(year=this_month.year + 1)):
        row = Event(action="probe.done", actor=somebody, at=at)
        row.save()
        assert _partition_of(row) == partition_name(at.date())
    far = Event(action="probe.done", actor=somebody, at=datetime(2199, 5, 5, tzinfo=UTC))
    far.save()
    assert _partition_of(far) == "ledger_event_default"


def test_partitions_are_made_ahead_once_by_the_applications_role(db: None) -> None:
    assert ensure_partitions() == []
    made = ensure_partitions(26)
    assert len(made) == 2 and all(name.startswith("ledger_event_2") for name in made)
    assert ensure_partitions(26) == []


def test_the_scheduler_keeps_partitions_ahead(db: None, settings: Any) -> None:
    from config.celery import app

    names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "ledger.ensure_partitions" in names
    app.loader.import_default_modules()
    app.tasks["ledger.ensure_partitions"]()
    assert ensure_partitions() == []


def test_a_month_whose_rows_went_elsewhere_is_left_alone(somebody: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_trunc('month', now()) + interval '25 months 3 days'")
        late = cursor.fetchone()[0]
    Event(action="probe.done", actor=somebody, at=late).save()
    assert partition_name(late) not in ensure_partitions(26)
    assert Event.objects.filter(at=late).exists()
