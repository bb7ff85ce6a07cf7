"""Long work: done once, stopped, taken up again after its worker died."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs import actions, progress, registry
from jobs.locks import NAMESPACE
from jobs.models import Job
from jobs.registry import Kind
from jobs.running import Running
from jobs.tasks import run, sweep
from ledger.context import current_actor
from tests.cast import Cast, make_cast

seen: list[Any] = []


@pytest.fixture
def kind() -> Iterator[Callable[..., str]]:
    """Registers a kind of job for one test; gives its name."""
    names = []

    def add(work: Callable[[Running], None], **options: Any) -> str:
        name = f"test.{len(names)}"
        registry.register(Kind(name, "Test", work, **options))
        names.append(name)
        return name

    seen.clear()
    yield add
    for name in names:
        del registry._kinds[name]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The jobs that were put into the queue."""
    found: list[int] = []
    monkeypatch.setattr(actions, "send", lambda job_id: found.append(job_id) or True)
    return found


def test_a_job_is_done_once_in_the_name_of_who_asked(cast: Cast, kind: Any) -> None:
    name = kind(lambda running: seen.append((current_actor(), running.actor)))
    job = actions.start(actor=cast.clerk, kind=name, unit=cast.school)
    run(job.pk)
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DONE, 1)
    assert seen == [(cast.clerk, cast.clerk)]


def test_a_job_of_a_rolled_back_transaction_is_neither_kept_nor_sent(
    committed_db: str, kind: Any, sent: list[int]
) -> None:
    cast = make_cast()
    name = kind(seen.append)
    with pytest.raises(RuntimeError), transaction.atomic():
        actions.start(actor=cast.clerk, kind=name, unit=cast.school)
        raise RuntimeError
    assert sent == []
    with transaction.atomic():
        job = actions.start(actor=cast.clerk, kind=name, unit=cast.school)
        assert sent == []
    assert sent == [job.pk] == list(Job.objects.values_list("pk", flat=True))


def test_a_fault_is_told_by_its_number_and_the_room_hears_of_it(cast: Cast, kind: Any) -> None:
    def fail(running: Running) -> None:
        raise ValueError("110101199003074477")

    name = kind(fail, ended=seen.append)
    job = actions.start(actor=cast.clerk, kind=name, unit=cast.school)
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert len(job.error_number) == 8
    assert "1101" not in job.message
    assert seen == [job]


def test_a_running_job_stops_when_asked(cast: Cast, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0)

    def work(running: Running) -> None:
        running.progress(1, 10)
        actions.cancel(actor=cast.clerk, job=running.job)
        for step in range(2, 11):
            running.progress(step, 10)
            seen.append(step)

    name = kind(work)
    job = actions.start(actor=cast.clerk, kind=name, unit=cast.school)
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (Job.State.CANCELLED, 2, 10)
    assert seen == []


def test_a_waiting_job_is_cancelled_at_once_and_never_done(cast: Cast, kind: Any) -> None:
    name = kind(seen.append)
    job = actions.start(actor=cast.clerk, kind=name, unit=cast.school)
    actions.cancel(actor=cast.clerk, job=job)
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert seen == []
    with pytest.raises(actions.JobEnded):
        actions.cancel(actor=cast.clerk, job=job)


def test_a_second_runner_leaves_while_the_first_works(committed_db: str, kind: Any) -> None:
    cast = make_cast()
    begun, go_on = threading.Event(), threading.Event()

    def work(running: Running) -> None:
        seen.append(running.job.pk)
        begun.set()
        go_on.wait(10)

    def first() -> None:
        run(job.pk)
        connections.close_all()

    name = kind(work)
    job = actions.start(actor=cast.clerk, kind=name, unit=cast.school, queue=False)
    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(10)
    run(job.pk)
    assert sweep() == 0
    go_on.set()
    thread.join()
    job.refresh_from_db()
    assert (job.state, job.attempts, seen) == (Job.State.DONE, 1, [job.pk])


def test_the_beat_sends_what_nobody_took(cast: Cast, kind: Any, sent: list[int]) -> None:
    job = actions.start(actor=cast.clerk, kind=kind(seen.append), unit=cast.school, queue=False)
    assert sweep() == 0
    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now() - timedelta(seconds=30))
    assert sweep() == 1
    assert sent == [job.pk]
    assert sweep() == 0


def test_the_beat_revives_a_job_without_worker_and_gives_up_after_three(
    cast: Cast, kind: Any, sent: list[int]
) -> None:
    name = kind(seen.append, ended=seen.append)
    job = actions.start(actor=cast.clerk, kind=name, unit=cast.school, queue=False)
    for attempt in (1, 2):
        Job.objects.filter(pk=job.pk).update(state="running", attempts=attempt)
        assert sweep() == 1
        job.refresh_from_db()
        assert job.state == Job.State.QUEUED
    Job.objects.filter(pk=job.pk).update(state="running", attempts=3)
    assert sweep() == 0
    job.refresh_from_db()
    assert (job.state, job.message) == (Job.State.FAILED, "worker_lost")
    assert seen == [job]
    client = Client()
    client.force_login(cast.clerk)
    page = client.get(reverse("jobs:job", args=[job.public_id]), headers={"accept-language": "en"})
    assert "interrupted three times" in page.content.decode()


def test_progress_is_seen_while_the_work_is_open(cast: Cast, kind: Any) -> None:
    def work(running: Running) -> None:
        running.progress(30, 120)
        seen.append(client.get(reverse("jobs:progress", args=[running.job.public_id])).content.decode())

    client = Client()
    client.force_login(cast.clerk)
    job = actions.start(actor=cast.clerk, kind=kind(work), unit=cast.school, queue=False)
    run(job.pk)
    assert "30 / 120" in seen[0]
    assert "25%" in seen[0]
    done = client.get(reverse("jobs:progress", args=[job.public_id]))
    assert done["HX-Refresh"] == "true"


def test_jobs_of_others_are_not_found(cast: Cast, kind: Any) -> None:
    job = actions.start(actor=cast.clerk, kind=kind(seen.append), unit=cast.school, queue=False)
    client = Client()
    client.force_login(cast.second_clerk)
    for page in ("job", "progress", "result"):
        assert client.get(reverse(f"jobs:{page}", args=[job.public_id])).status_code == 404
    assert client.post(reverse("jobs:cancel", args=[job.public_id])).status_code == 404
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_the_lock_is_let_go(cast: Cast, kind: Any) -> None:
    job = actions.start(actor=cast.clerk, kind=kind(seen.append), unit=cast.school, queue=False)
    run(job.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [NAMESPACE]
        )
        assert cursor.fetchone()[0] == 0
