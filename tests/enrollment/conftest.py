"""What the tests of the intake room share."""

import pytest

from enrollment.models import IntakeBatch
from tests.cast import Cast
from tests.enrollment.intake import make_batch


@pytest.fixture
def batch(cast: Cast) -> IntakeBatch:
    """An open batch of the cast's school."""
    return make_batch(cast.school)
