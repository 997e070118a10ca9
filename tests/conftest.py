"""What holds for every test: automatic names count from the beginning."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from kerasish import naming


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked conformance need Keras on jax; `-m "not conformance"` leaves them out unseen."""
    if find_spec("keras") is None or find_spec("jax") is None:
        absent = pytest.mark.skip(reason="Keras is not installed (kerasish[conformance])")
        for item in items:
            if item.get_closest_marker("conformance"):
                item.add_marker(absent)


@pytest.fixture(autouse=True)
def _fresh_names() -> None:
    naming.reset_names()
