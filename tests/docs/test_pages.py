"""The examples on the pages of docs/ give what the pages say, and so do those of docstrings."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerasish import layers as _layers  # all ops are there before a page declares its own
from kerasish import registry

_ = _layers
DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(page for page in DOCS.glob("*.md") if ">>> " in page.read_text(encoding="utf-8"))
MODULES = [
    "kerasish.graph.autodiff",
    "kerasish.graph.transforms",
    "kerasish.layers.remat",
    "kerasish.ops.remat",
    "kerasish.ops.vectorized",
]


@pytest.fixture(autouse=True)
def ops_of_the_page() -> Iterator[None]:
    """Ops that a page declares are gone after it."""
    before = set(registry.names("op"))
    yield
    for name in set(registry.names("op")) - before:
        if not name.endswith("_grad"):
            registry._entries["op"].pop(name)


def test_there_are_pages() -> None:
    assert DOCS / "differentiation.md" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page: Path) -> None:
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried
    assert not failed


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried
    assert not failed
