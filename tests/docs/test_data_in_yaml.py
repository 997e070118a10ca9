"""Every example of docs/data-in-yaml.md reads data."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from kerasish.declarative.api import load_config

PAGE = Path(__file__).parents[2] / "docs" / "data-in-yaml.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from PIL import Image

    path = tmp_path_factory.mktemp("page")
    rng = np.random.default_rng(0)
    head = "age,city,joined,note,weight,label"
    rows = [
        f"{'?' if n == 3 else 20 + n % 50},{['Ulm', 'Oslo', 'Bath', 'Rome'][n // 3 % 4]},"
        f"202{n % 2}-0{n % 9 + 1}-01,{' '.join(['good', 'bad', 'day', 'no'][: n % 4 + 1])},1,"
        f"{['no', 'yes'][n % 2]}"
        for n in range(60)
    ]
    (path / "people.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    (path / "later.csv").write_text("\n".join([head, *rows[10:20]]), encoding="utf-8")
    (path / "plain.csv").write_text("Ann;1\nBo;2\n", encoding="utf-8")
    np.save(path / "extra.npy", rng.normal(size=60))
    np.savez(path / "clips.npz", samples=np.arange(10), offsets=[0, 2, 5, 10], label=[0, 1, 1],
             is_test=[False, False, True])  # fmt: skip
    (path / "photos").mkdir()
    lines = ["photo,stars"]
    for n in range(8):
        (path / "photos" / "ab"[n % 2]).mkdir(exist_ok=True)
        Image.new("RGB", (9, 7), (n, n, n)).save(path / "photos" / "ab"[n % 2] / f"{n}.png")
        lines.append(f"{'ab'[n % 2]}/{n}.png,{n % 5}")
    (path / "photos.csv").write_text("\n".join(lines), encoding="utf-8")
    hours = ["date,station,load,wind"]
    for station in "AB":
        for hour in range(72):
            wind = "" if hour == 5 else f"{rng.random():.3f}"
            hours.append(f"2021-01-0{hour // 24 + 1} {hour % 24}:00,{station},{hour},{wind}")
    (path / "hours.csv").write_text("\n".join(hours), encoding="utf-8")
    (path / "poem.txt").write_text("the sea, the sea, the open sea " * 4, encoding="utf-8")
    return path


@pytest.mark.parametrize("place", range(len(EXAMPLES)))
def test_an_example(folder: Path, place: int) -> None:
    head = "kerasish: 1\nseed: 1\nmodel: {input: [1], layers: [{Dense: 1}]}\n"
    config = folder / f"{place}.yaml"
    config.write_text(head + EXAMPLES[place], encoding="utf-8")
    data = load_config(config).data()
    assert data.facts["rows"] > 0
    assert data.fit_arguments()
    for name in data.parts.given():
        assert len(data.part(name)) > 0
