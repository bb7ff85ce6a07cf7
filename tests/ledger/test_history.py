"""What a change of a recorded row leaves in its history."""

import uuid
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, ProtectedError

from ledger.context import NoActor, acting, close, open_request
from ledger.history import NewRows, delete_rows, update_rows, write_columns, write_rows
from ledger.models import Unrecorded
from records.models import FamilyMember, Student
from school.models import Unit
from tests.cast import Cast
from tests.enrollment.intake import draft, make_batch


def unit(name: str = "中心小学", **fields: Any) -> Unit:
    return Unit(kind=Unit.Kind.DEPARTMENT, name=name, **fields)


def types(row: Any) -> str:
    history = type(row).history.filter(id=row.pk).order_by("history_id")
    return "".join(history.values_list("history_type", flat=True))


@pytest.fixture
def saved(somebody: Any) -> Unit:
    row = unit()
    with acting(somebody):
        row.save()
    return row


@pytest.mark.requirement("S0-6.2-6")
def test_each_change_leaves_one_row_with_its_circumstances(somebody: Any, saved: Unit) -> None:
    request_id = uuid.uuid4()
    token = open_request(lambda: somebody, address="192.0.2.7", request_id=request_id)
    with acting(somebody, reason="renamed", request_no="E-12", role="archivist"):
        saved.name = "第一小学"
        saved.save(update_fields=["name"])
        pk = saved.pk
        saved.delete()
    close(token)
    created, changed, deleted = Unit.history.filter(id=pk).order_by("history_id")
    assert [row.history_type for row in (created, changed, deleted)] == ["+", "~", "-"]
    assert [row.name for row in (created, changed, deleted)] == ["中心小学", "第一小学", "第一小学"]
    assert changed.history_user == somebody
    assert (changed.history_change_reason, changed.history_request_no, changed.history_role) == (
        "renamed",
        "E-12",
        "archivist",
    )
    assert (changed.history_address, changed.history_request_id) == ("192.0.2.7", request_id)
    assert created.history_address is None and created.history_change_reason == ""
    assert len({created.salt, changed.salt, deleted.salt}) == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        assert {created.xid, changed.xid, deleted.xid} == {cursor.fetchone()[0]}


def test_history_holds_what_was_stored_not_what_was_in_memory(somebody: Any, saved: Unit) -> None:
    with acting(somebody):
        saved.name, saved.order = "not saved", 7
        saved.save(update_fields=["order"])
        saved.refresh_from_db()
        saved.order = F("order") + 1
        saved.save(update_fields=["order"])
        Unit.objects.only("id", "name").get(pk=saved.pk).save()
    rows = list(Unit.history.filter(id=saved.pk).order_by("history_id").values_list("name", "order"))
    assert rows == [("中心小学", 0), ("中心小学", 7), ("中心小学", 8), ("中心小学", 8)]


def test_a_save_costs_one_statement_more(somebody: Any, saved: Unit, django_assert_num_queries: Any) -> None:
    with acting(somebody), transaction.atomic(), django_assert_num_queries(2):
        saved.save(update_fields=["name"])


def test_without_somebody_acting_nothing_is_written(saved: Unit, db: None) -> None:
    for write in (unit("other").save, saved.save, saved.delete):
        with pytest.raises(NoActor), transaction.atomic():
            write()
    with pytest.raises(NoActor), transaction.atomic():
        Unit.objects.create(kind="department", name="other")
    assert not Unit.objects.filter(name="other").exists()
    assert Unit.objects.filter(pk=saved.pk).exists()
    assert types(saved) == "+"


def test_row_and_history_are_one_transaction(committed_db: str) -> None:
    from tests.ledger.people import service_account

    somebody = service_account()
    assert connection.get_autocommit() and not connection.in_atomic_block
    gone = unit()
    with acting(somebody):
        gone.save()
        clash = unit()
        with pytest.raises(IntegrityError):
            clash.save()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            gone.name = "rolled back"
            gone.save()
            raise ZeroDivisionError
    assert types(gone) == "+"
    somebody.pk = 2**40
    with pytest.raises(IntegrityError), acting(somebody):
        unit("its history fails").save()
    assert not Unit.objects.filter(name="its history fails").exists()


def test_a_save_of_what_is_no_business_data_leaves_no_row(somebody: Any) -> None:
    with acting(somebody):
        student = Student(name="王小明", name_tokens=["王"])
        student.save()
    student.name_tokens = ["王", "小"]
    student.save(update_fields=["name_tokens"])
    assert types(student) == "+"
    assert Student.objects.filter(name_tokens__matches="'小'").get() == student
    assert not hasattr(Student.history.get(id=student.pk), "name_tokens")


def test_bulk_writes_of_the_queryset_are_refused(somebody: Any, saved: Unit) -> None:
    everything = Unit.objects.all()
    with acting(somebody):
        for write in (
            lambda: everything.update(name="x"),
            everything.delete,
            lambda: everything.bulk_create([unit("x")]),
            lambda: everything.bulk_update([saved], ["name"]),
            lambda: Unit.objects.update(name="x"),
            lambda: saved.children.all().update(name="x"),
        ):
            with pytest.raises(Unrecorded):
                write()
    assert list(Unit.objects.filter(pk=saved.pk).values_list("name", flat=True)) == ["中心小学"]


def test_who_acted_cannot_be_removed(somebody: Any, somebody_else: Any, saved: Unit) -> None:
    with acting(somebody_else), pytest.raises(ProtectedError):
        somebody.delete()


def test_many_rows_are_written_with_their_history(somebody: Any, django_assert_num_queries: Any) -> None:
    names = ["王小明", "O'Neil\\t·买买提", "𠮷田\t\n", "张三"]
    rows = [
        Student(
            name=name,
            name_tokens=[name, "it's", "back\\slash"],
            id_number=f"id-{number}",
            archive_no=f"a-{number}",
        )
        for number, name in enumerate(names)
    ]
    written = write_rows(rows, actor=somebody, reason="import 7", role="clerk")
    assert written == rows and all(row.pk and not row._state.adding for row in rows)
    read = Student.objects.in_bulk([row.pk for row in rows])
    for number, (row, name) in enumerate(zip(rows, names, strict=True)):
        stored = read[row.pk]
        assert (stored.name, stored.id_number) == (name, f"id-{number}")
        assert sorted(stored.name_tokens) == sorted([name, "it's", "back\\slash"])
        kept = Student.history.get(id=row.pk)
        assert (kept.name, kept.id_number, kept.history_type) == (name, f"id-{number}", "+")
        assert (kept.history_user, kept.history_change_reason, kept.history_role) == (
            somebody,
            "import 7",
            "clerk",
        )
        assert kept.history_subject == row.public_id


def test_many_rows_are_written_as_save_would(somebody: Any) -> None:
    by_save, by_copy = unit("saved", ancestors=[1, 2]), unit("copied", ancestors=[1, 2])
    with acting(somebody):
        by_save.save()
    write_rows([by_copy], actor=somebody)
    skipped = {"id", "public_id", "name"}
    saved, copied = (
        {key: value for key, value in row.items() if key not in skipped}
        for row in Unit.objects.filter(pk__in=[by_save.pk, by_copy.pk]).order_by("pk").values()
    )
    assert saved == copied
    assert write_rows([], actor=somebody) == []


def test_columns_are_written_as_rows_are(somebody: Any) -> None:
    names, numbers = ["王小明", "O'Neil\\t·买买提", "𠮷田\t\n"], ["a", "b", ""]
    one_by_one = [
        Student(name=name, id_number=number, birth_date=date(2018, 9, 1), archive_no=f"r-{place}")
        for place, (name, number) in enumerate(zip(names, numbers, strict=True))
    ]
    write_rows(one_by_one, actor=somebody, reason="import 7", role="clerk")
    ids = [uuid.uuid4() for _name in names]
    columns = NewRows(
        Student,
        3,
        {"name": names, "id_number": numbers, "public_id": ids},
        {"birth_date": date(2018, 9, 1)},
        subjects=ids,
    )
    columns.put("archive_no", ["c-0", "c-1", "c-2"])
    keys = write_columns(columns, actor=somebody, reason="import 7", role="clerk")
    assert keys == sorted(keys) and list(Student.objects.in_bulk(keys)[keys[1]].history.all()) != []
    apart = {"id", "public_id", "archive_no", "history_id", "salt", "history_subject", "history_date"}
    for manager in (Student.objects, Student.history):
        by_rows, by_columns = (
            [
                {name: value for name, value in row.items() if name not in apart}
                for row in manager.filter(id__in=chosen).order_by("id").values()
            ]
            for chosen in ([row.pk for row in one_by_one], keys)
        )
        assert by_rows == by_columns and len(by_rows) == 3
    subjects = Student.history.filter(id__in=keys).order_by("id").values_list("history_subject", flat=True)
    assert list(subjects) == ids
    assert list(Student.objects.filter(pk__in=keys).order_by("pk").values_list("public_id", flat=True)) == ids
    assert write_columns(NewRows(Student, 0, {}, {}), actor=somebody) == []


def test_columns_that_do_not_fit_are_refused(somebody: Any) -> None:
    with pytest.raises(TypeError):
        NewRows(Student, 1, {"nickname": ["x"]}, {})
    with pytest.raises(ValueError, match="name"):
        NewRows(Student, 2, {"name": ["x"]}, {})
    with pytest.raises(IntegrityError), transaction.atomic():
        write_columns(NewRows(Student, 2, {"archive_no": ["a", "a"]}, {}), actor=somebody)
    with pytest.raises(NoActor):
        write_columns(NewRows(Student, 1, {"archive_no": ["b"]}, {}), actor=None)
    assert not Student.objects.exists() and not Student.history.exists()


def test_a_fault_in_one_of_many_leaves_nothing(somebody: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        write_rows([unit("a"), unit("b"), unit("a")], actor=somebody)
    assert not Unit.objects.exists() and not Unit.history.exists()


def test_many_rows_need_one_model_with_history(somebody: Any) -> None:
    from jobs.models import Job

    with pytest.raises(TypeError):
        write_rows([unit(), Student(name="x")], actor=somebody)
    with pytest.raises(TypeError):
        write_rows([Job()], actor=somebody)


def test_many_rows_are_changed_with_their_history(somebody: Any, somebody_else: Any) -> None:
    rows = write_rows([unit(f"unit {number}") for number in range(5)], actor=somebody)
    for row in rows[:4]:
        row.order, row.ancestors, row.label_en = row.pk % 7, [row.pk], "not named"
    update_rows(rows[:4], ["order", "ancestors"], actor=somebody_else, reason="order")
    for row in rows[:4]:
        assert Unit.objects.filter(pk=row.pk).values_list("order", "ancestors", "label_en").get() == (
            row.pk % 7,
            [row.pk],
            "",
        )
        last = Unit.history.filter(id=row.pk).latest()
        assert (last.order, last.ancestors, last.label_en) == (row.pk % 7, [row.pk], "")
        assert (last.history_type, last.history_user, last.history_change_reason) == (
            "~",
            somebody_else,
            "order",
        )
    assert types(rows[4]) == "+"
    update_rows(rows, ["order"], actor=somebody)
    assert [types(row) for row in rows] == ["+~~"] * 4 + ["+~"]


def test_a_row_that_is_gone_stops_the_change_of_all(somebody: Any) -> None:
    rows = write_rows([unit("a"), unit("b")], actor=somebody)
    lost = Unit(pk=rows[1].pk + 1000, kind="department", name="lost")
    rows[0].name = "changed"
    with pytest.raises(RuntimeError):
        update_rows([rows[0], lost], ["name"], actor=somebody)
    assert Unit.objects.get(pk=rows[0].pk).name == "a"


def test_many_rows_are_removed_and_stay_in_history(somebody: Any) -> None:
    rows = write_rows([unit("a"), unit("b"), unit("c")], actor=somebody)
    assert delete_rows(rows[:2], actor=somebody, reason="undone") == 2
    assert list(Unit.objects.values_list("name", flat=True)) == ["c"]
    assert [types(row) for row in rows] == ["+-", "+-", "+"]


def test_a_file_with_family_is_not_deleted(somebody: Any) -> None:
    with acting(somebody):
        student = Student(name="王小明")
        student.save()
        member = FamilyMember(student=student, name="王大明", position=1)
        member.save()
        assert FamilyMember.history.get(id=member.pk).history_subject == student.public_id
        with pytest.raises(ProtectedError):
            student.delete()
    assert (types(student), types(member)) == ("+", "+")


def test_rows_that_go_with_another_leave_history_too(cast: Cast) -> None:
    applicant = draft(cast.clerk, make_batch(cast.school))
    member = applicant.members.first()
    before = types(member)
    with acting(cast.clerk):
        applicant.delete()
    assert types(member) == f"{before}-"
