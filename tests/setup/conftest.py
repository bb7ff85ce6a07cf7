"""The cast, with a system administrator of the top unit beside the school's own."""

import pytest

from accounts.models import User
from accounts.roles import Role
from tests.cast import Cast
from tests.factories import appoint, make_user


@pytest.fixture
def top_admin(cast: Cast) -> User:
    """Keeps what serves every school."""
    user = make_user("秦岭", cast.bureau, staff_no="TOP1")
    appoint(user, Role.SYSTEM_ADMIN, cast.bureau)
    return user
