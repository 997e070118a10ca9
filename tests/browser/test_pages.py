"""Reports opened in Chromium: they load nothing, break nothing, and fit the window."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasish.cli.main import main
from kerasish.showing.page.document import Section, document
from kerasish.showing.page.markup import Markup, tag
from tests.browser import asked, chromium, ran, told
from tests.browser.runs import trained

RUNS = ("two", "waves", "pictures")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chromium()
    return tmp_path_factory.mktemp("pages")


def report(folder: Path, name: str) -> Path:
    run = trained(folder, name)
    page = folder / name / "report.html"
    if not page.exists():
        assert main(["report", str(run), "-o", str(page)]) in (0, None)
    return page


@pytest.mark.parametrize("name", RUNS)
def test_the_console_is_silent(folder: Path, name: str) -> None:
    assert told(report(folder, name)) == []


@pytest.mark.parametrize("width", [1200, 400])
@pytest.mark.parametrize("name", RUNS)
def test_nothing_is_loaded_and_nothing_overflows(folder: Path, name: str, width: int) -> None:
    found = asked(report(folder, name), width)
    assert found["width"] == width
    assert found["loaded"] == []
    assert found["wide"] == []
    assert found["scrolls"] == width
    assert found["scripts"] == 2  # the page's, and the one that asks


def test_a_click_sorts_a_table(folder: Path) -> None:
    found = asked(report(folder, "two"), 1200)
    assert found["title"] == "two_outputs"
    assert len(found["sorted"]) >= 4
    for one in found["sorted"]:
        order, rows = one["once"]
        back, reversed_rows = one["twice"]
        assert {order, back} == {"ascending", "descending"}
        assert sorted(rows) == sorted(one["before"])
        if len(set(rows)) == len(rows):
            assert reversed_rows == rows[::-1]


def test_it_is_dark_where_the_reader_wants_that(folder: Path) -> None:
    page = report(folder, "pictures")
    light = asked(page, 800)["ground"]
    dark = asked(page, 800, "--blink-settings=preferredColorScheme=0")["ground"]
    assert light == "rgb(246, 247, 249)"
    assert dark == "rgb(18, 23, 29)"


def test_it_is_printed(folder: Path) -> None:
    page = report(folder, "two")
    target = folder / "page.pdf"
    ran(f"--print-to-pdf={target}", page.as_uri())
    assert target.read_bytes().startswith(b"%PDF")


def test_the_rule_of_a_page_keeps_scripts_and_the_network_out(folder: Path) -> None:
    # What would have to be escaped is put in as it is, to see that these tests would notice.
    held = Markup(
        "<script>document.title = 'taken'</script><img src='https://localhost:9/x.png'>"
        "<p style='width:2000px'>wide</p>"
    )
    page = folder / "open.html"
    page.write_text(document("open", [], tag("div", held), [Section("a", "A", held)]))
    log = "\n".join(told(page))
    assert "inline script" in log
    assert "localhost:9" in log
    assert "P." in asked(page, 600)["wide"]
    out, _ = ran("--dump-dom", page.as_uri())
    assert "<title>open</title>" in out
