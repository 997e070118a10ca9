"""What holds for every test: automatic names count from the beginning."""

from __future__ import annotations

import pytest

from kerasish import naming


@pytest.fixture(autouse=True)
def _fresh_names() -> None:
    naming.reset_names()
