"""Search over events: ``python -m bench.events fill COUNT``, then ``... measure`` and ``... explain``.

Three years of events lie in monthly partitions; a small part of them is what questions look for. Filling goes as the
owner of the tables, without indexes and without the foreign key of who acted, which would be asked for every row; the
indexes are built afterwards. Measuring goes through the list of the page, for an auditor of half of the schools.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg

from bench.application import start

start()

from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.db import connection, transaction
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone

from accounts.access import user_of
from accounts.models import User
from accounts.roles import Role
from audit.searching import selectors
from audit.searching.lists import EventCharts, EventList
from bench.measure import Line, in_turns
from ledger.context import service_user
from ledger.history import write_rows
from ledger.models import Event
from records.models import Enrolment, Student
from school.models import Stage, Unit
from tests.factories import appoint, make_unit, make_user, new_user

HALF, ONE = "BENCH02", "BENCH03"
"""Staff numbers of the auditor of half of the schools, and of a single one."""

SCHOOLS, PEOPLE, MONTHS = 400, 2_000, 36
RARE, RARE_NUMBER, RARE_ADDRESS = "destruction.executed", "XH-2026-000001", "10.9.9.9"
REPEAT = 7

PARTITIONS = """
DO $$ DECLARE first date; BEGIN
    FOR back IN REVERSE {months}..1 LOOP
        first := date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date - make_interval(months => back);
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF ledger_event FOR VALUES FROM (%L) TO (%L)',
            'ledger_event_' || to_char(first, 'YYYYMM'), first::timestamp AT TIME ZONE 'Asia/Shanghai',
            (first + interval '1 month')::timestamp AT TIME ZONE 'Asia/Shanghai');
    END LOOP;
END $$
"""
FILL = """
INSERT INTO ledger_event (at, action, actor_id, role, subject, object_type, object_id, unit_id, request_no, request_id,
                          address, result, reason, purpose, detail)
SELECT now() - interval '{days} days' * (1 - n::float8 / %(count)s),
       CASE WHEN n %% 100000 = 7 THEN %(rare)s ELSE (ARRAY['student.viewed', 'student.viewed', 'student.viewed',
            'student.revealed', 'account.signed_in', 'student.searched', 'applicant.submitted', 'entry.viewed',
            'student.document_viewed', 'class.roster_viewed'])[1 + n %% 10] END,
       %(people)s[1 + abs(hashint8(n)) %% cardinality(%(people)s)], 'registrar',
       CASE WHEN n %% 150000 = 11 THEN %(student)s ELSE md5((n %% 500000)::text)::uuid END,
       'records.Student', n %% 500000, %(units)s[1 + CASE WHEN n %% 10 = 9 AND n %% 100000 <> 7
            THEN {schools} / 2 + abs(hashint8(-n)) %% ({schools} / 2) ELSE abs(hashint8(-n)) %% {schools} END],
       CASE WHEN n %% 40 = 0 THEN 'XG-2026-' || lpad((n / 40)::text, 6, '0') ELSE '' END, gen_random_uuid(),
       CASE WHEN n %% 250000 = 13 THEN %(address)s::inet ELSE ('10.1.' || n %% 200 || '.' || n %% 250)::inet END,
       CASE WHEN n %% 500 = 3 THEN 'refused' ELSE 'done' END, '', '', '{{"purpose": "duty"}}'
FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS n
"""
CHUNK = 500_000


@transaction.atomic
def people() -> tuple[list[int], list[int], Student]:
    """Schools under two bureaus, staff, two auditors and the student whom a question names: ids, ids, student."""
    units = []
    for number in range(2):
        bureau = make_unit(f"第{number + 1}教育局", kind=Unit.Kind.BUREAU)
        schools = [
            Unit(
                name=f"第{one}小学",
                parent=bureau,
                ancestors=[bureau.pk],
                kind=Unit.Kind.SCHOOL,
                stage=Stage.PRIMARY,
            )
            for one in range(SCHOOLS // 2)
        ]
        units += write_rows(schools, actor=service_user())
        if not number:
            appoint(make_user("郑审", bureau, staff_no=HALF), Role.AUDITOR, bureau)
            appoint(make_user("周审", units[0], staff_no=ONE), Role.AUDITOR, units[0])
    staff = write_rows([new_user(f"某{one}", units[0]) for one in range(PEOPLE)], actor=service_user())
    student = Student(name="欧阳某某", name_sort="ouyang", archive_no="BENCH-XS-000001")
    write_rows([student], actor=service_user())
    stay = Enrolment(
        student=student,
        school=units[0],
        unit=units[0],
        student_no="BENCH000001",
        started_on=timezone.localdate(),
    )
    write_rows([stay], actor=service_user())
    return [one.pk for one in units], [one.pk for one in staff], student


def fill(count: int) -> None:
    """So many events of three years; then the indexes and ANALYZE."""
    units, staff, student = people()
    values = {
        "count": count, "rare": RARE, "people": staff, "units": units, "student": str(student.public_id),
        "address": RARE_ADDRESS,
    }  # fmt: skip
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(PARTITIONS.format(months=MONTHS))
        owner.execute("ALTER TABLE ledger_event DROP CONSTRAINT event_actor")
        found = owner.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'ledger_event' AND indexname LIKE 'event%'"
        ).fetchall()
        for name, _statement in found:
            owner.execute(f'DROP INDEX "{name}"')
        for first in range(1, count + 1, CHUNK):
            last = min(first + CHUNK - 1, count)
            owner.execute(
                FILL.format(days=MONTHS * 30, schools=SCHOOLS), {**values, "from": first, "to": last}
            )
        for _name, statement in found:
            owner.execute(statement.replace(" ON ONLY ", " ON "))
        owner.execute(
            "INSERT INTO ledger_event (at, action, actor_id, role, object_type, request_no, result, reason, purpose,"
            " detail, unit_id) SELECT now() - interval '400 days', 'request.refused', %s, '', '', %s, 'refused', '',"
            " '', '{}', %s",
            [staff[0], RARE_NUMBER, units[0]],
        )
        owner.execute("VACUUM ANALYZE ledger_event")


def posted(answers: dict[str, str], user: User, page: int = 1) -> HttpRequest:
    """A request with these answers, of a user who has asked nothing yet."""
    data = {"list_form": "filter", **answers, "page": str(page)}
    request: HttpRequest = RequestFactory().post("/", data, headers={"HX-Target": "list-results"})
    request.session, request.user = SessionStore(), User.objects.get(pk=user.pk)
    return request


def asked(answers: dict[str, str], user: User, page: int = 1) -> EventList:
    """The list as that request gets it."""
    request = posted(answers, user, page)
    reader = user_of(request)
    return EventList(request, selectors.events(reader), user=reader)


def answer(answers: dict[str, str], user: User, page: int = 1) -> int:
    """Draw the list; how many it shows."""
    drawn = asked(answers, user, page)
    return len(drawn.rows) if drawn.count_text else 0


def pictures(answers: dict[str, str], user: User) -> int:
    """Draw the charts; how many events they count."""
    request = posted(answers, user)
    reader = user_of(request)
    shown = EventCharts(request, selectors.events(reader), user=reader).charts
    return sum(int(value) for one in shown[0].series for value in one.values)


def newest() -> list[Any]:
    """The floor: the newest rows of the table and no question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_event ORDER BY at DESC, id DESC LIMIT 21")
        return list(cursor.fetchall())


def questions() -> list[tuple[str, Callable[[], int], EventList]]:
    """What is asked: a label, the work, and the list for its plan."""
    half, one = (User.objects.get(staff_no=number) for number in (HALF, ONE))
    colleague = User.objects.filter(name="某7").get()
    years = {"days": "1100"}
    day = (timezone.localdate() - timedelta(days=400)).isoformat()
    listed: list[tuple[str, dict[str, str], User, int]] = [
        ("half of the schools, last 30 days", {}, half, 1),
        ("one school, last 30 days", {}, one, 1),
        ("half of the schools, three years", years, half, 1),
        ("one school, three years", years, one, 1),
        ("a frequent act, three years", {**years, "action": "student.viewed"}, half, 1),
        ("an act frequent elsewhere alone, three years", {**years, "action": "class.roster_viewed"}, half, 1),
        ("the same of one school, three years", {**years, "action": "class.roster_viewed"}, one, 1),
        ("a rare act, three years", {**years, "action": RARE}, half, 1),
        ("a rare act of one school, three years", {**years, "action": RARE}, one, 1),
        ("one person, three years", {**years, "who": colleague.staff_no}, half, 1),
        ("one student, three years", {**years, "whose": "BENCH000001"}, half, 1),
        ("refused, three years", {**years, "result": "refused"}, half, 1),
        ("refused acts of one school, three years", {**years, "result": "refused"}, one, 1),
        ("one address, three years", {**years, "address": RARE_ADDRESS}, half, 1),
        ("one request, three years", {**years, "request_no": RARE_NUMBER}, half, 1),
        ("failed, of which there is none, three years", {**years, "result": "failed"}, half, 1),
        ("one day a year ago", {"since": day, "until": day}, half, 1),
        ("page 100 of three years", years, half, 100),
    ]  # fmt: skip
    made: list[tuple[str, Callable[[], int], EventList]] = [
        (f"events: {label}", partial(answer, answers, user, page), asked(answers, user))
        for label, answers, user, page in listed
    ]
    made += [
        (
            f"events: charts of {days} days",
            partial(pictures, {"days": days}, half),
            asked({"days": days}, half),
        )
        for days in ("30", "92")
    ]
    return made


def plan(drawn: EventList) -> str:
    """How the database finds the keys of the first page."""
    return str(drawn.filtered.values_list("pk", "at")[:21].explain(analyze=True, buffers=False))


def partitions(text: str) -> int:
    """How many partitions a plan names."""
    return len(set(re.findall(r"on (ledger_event_\w+)", text)))


def measure() -> list[Line]:
    """One line for each question, beside the newest rows without any."""
    every = partitions(str(Event.objects.all().explain()))
    lines = []
    for label, work, drawn in questions():
        floor, subject = in_turns(newest, work, repeat=REPEAT, warm=1)
        note = f"{work():,} found, {partitions(plan(drawn))} of {every} partitions"
        lines.append(Line(label, floor, subject, note=note))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("fill", "measure", "explain"))
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    given = parser.parse_args()
    if given.what == "fill":
        fill(given.count)
    elif given.what == "measure":
        sys.stdout.write(json.dumps([asdict(line) for line in measure()]))
    else:
        for label, _work, drawn in questions():
            sys.stdout.write(f"\n{label}\n{plan(drawn)}\n")


if __name__ == "__main__":
    main()
