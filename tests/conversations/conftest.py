import pytest

from tests.cast import Cast, new_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return new_cast()
