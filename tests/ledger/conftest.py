from typing import Any

import pytest

from tests.ledger.people import service_account


@pytest.fixture
def somebody(db: None) -> Any:
    """An account that acts."""
    return service_account()


@pytest.fixture
def somebody_else(db: None) -> Any:
    """Another one."""
    return service_account("ledger-test-2")
