"""The examples on the pages of docs/ give what the pages say, and so do those of docstrings."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasish import layers as _layers  # all ops are there before a page declares its own
from kerasish import registry
from kerasish.compiler import providers
from kerasish.compiler.passes import PIPELINE

_ = _layers
DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(page for page in DOCS.glob("*.md") if ">>> " in page.read_text(encoding="utf-8"))
# What the pieces of a page do together.
USE = {
    "CONTRIBUTING.md": """
check("cumsum")
total = keras.function(lambda x: ops.cumsum(x, axis=0))
x = np.arange(4, dtype="float32")
assert total(x).numpy().tolist() == [0, 1, 3, 6]
assert "mylib" in str(total.plan_for(ops.convert_to_tensor(x).spec))
model = keras.Sequential([keras.Input((4,)), LearnedSwish(), keras.layers.Dense(1)])
model.compile(SignDescent(0.01, beta=0.5), "soft_l1")
losses = model.fit(np.ones((8, 4)), np.ones((8, 1)), epochs=3, verbose=0).history["loss"]
assert losses[2] < losses[0]
assert model.optimizer.get_config()["beta"] == 0.5
last = keras.layers.Dense(1, kernel_initializer=Alternating(0.5))
model = keras.Sequential([keras.Input((4,)), last])
model.compile(keras.optimizers.SGD(WarmUp(0.1, 4)), "soft_l1", metrics=[LargestError()])
assert last.kernel.numpy()[:, 0].tolist() == [0.5, -0.5, 0.5, -0.5]
run = model.fit(np.ones((8, 4)), np.ones((8, 1)), epochs=50, verbose=0, callbacks=[StopBelow(0.2)])
losses, errors = run.history["loss"], run.history["largest_error"]
assert errors[0] == 1 and errors[-1] < 1
assert losses[-1] < 0.2 <= losses[-2]
assert keras.optimizers.schedules.serialize(WarmUp(0.1, 4))["config"] == {"rate": 0.1, "steps": 4}
"""
}
MODULES = [
    "kerasish.compiler.passes",
    "kerasish.data.dataset",
    "kerasish.explain.attention",
    "kerasish.explain.attribution",
    "kerasish.explain.cam",
    "kerasish.explain.counterfactuals",
    "kerasish.explain.importance",
    "kerasish.explain.maximise",
    "kerasish.explain.occluded",
    "kerasish.explain.sanity",
    "kerasish.explain.coalitions",
    "kerasish.graph.autodiff",
    "kerasish.graph.transforms",
    "kerasish.layers.base.remat",
    "kerasish.ops.control.remat",
    "kerasish.ops.control.vectorized",
    "kerasish.saving.file_editor",
    "kerasish.testing.everything",
    "kerasish.testing.passes",
    "kerasish.optimizers.multi",
    "kerasish.utils.config",
    "kerasish.wrappers.estimators",
]


@pytest.fixture(autouse=True)
def ops_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ops that a page declares are gone after it, and so are its kernels, passes and files."""
    monkeypatch.chdir(tmp_path)
    before = set(registry.names("op"))
    tables: tuple[dict[str, Any], ...] = (providers.PROVIDERS, providers.ADDS)
    held = [dict(table) for table in tables]
    kernels = {name: [*found] for name, found in providers._kernels.items()}
    pipeline = [*PIPELINE]
    yield
    PIPELINE[:] = pipeline
    for table, kept in zip((*tables, providers._kernels), (*held, kernels), strict=True):
        table.clear()
        table.update(kept)
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


PAGES_OF_BLOCKS = ["README.md", "CONTRIBUTING.md", "docs/augmentation.md", "docs/yaml.md"]


@pytest.mark.parametrize("page", PAGES_OF_BLOCKS)
def test_the_code_blocks_of_a_page_run_one_after_the_other(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (DOCS.parent / page).read_text("utf-8"), re.DOTALL)
    assert blocks
    script = "\n\n".join(blocks) + USE.get(page, "")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={**os.environ, "PYTHONPATH": str(DOCS.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried
    assert not failed


def test_the_readme_lists_every_page() -> None:
    listed = re.findall(r"\]\(docs/([\w-]+)\.md\)", (DOCS.parent / "README.md").read_text("utf-8"))
    assert {page.stem for page in DOCS.glob("*.md")} <= {*listed}
