"""Who acts, and what is passed on from an outer block to an inner one."""

import threading
from typing import Any

import pytest

from ledger.context import NoActor, acting, acting_for_job, current, current_actor, service_user


def test_nobody_acts_unless_named() -> None:
    assert current().actor is None
    with pytest.raises(NoActor):
        current_actor()


def test_blocks_nest_and_end(somebody: Any, somebody_else: Any) -> None:
    with acting(somebody, reason="moved house", request_no="B-7", role="clerk"):
        with acting(somebody_else):
            inner = current()
            assert (inner.actor, inner.reason, inner.request_no) == (somebody_else, "moved house", "B-7")
            assert inner.role == "", "a role is not passed on to somebody else"
        with acting(somebody, reason="other"):
            assert (current().reason, current().role) == ("other", "clerk")
        assert current_actor() == somebody
    assert current().actor is None


def test_a_fault_ends_the_block(somebody: Any) -> None:
    with pytest.raises(ZeroDivisionError), acting(somebody):
        raise ZeroDivisionError
    assert current().actor is None


def test_another_thread_acts_as_nobody(somebody: Any) -> None:
    seen: list[Any] = []
    with acting(somebody):
        thread = threading.Thread(target=lambda: seen.append(current().actor))
        thread.start()
        thread.join()
    assert seen == [None]


def test_unattended_work_acts_as_the_service_account(db: None) -> None:
    with acting_for_job(reason="nightly"):
        assert current_actor() == service_user()
        assert (current().role, current().reason) == ("service", "nightly")
    assert not service_user().has_usable_password()  # type: ignore[attr-defined]  # of the concrete user model
