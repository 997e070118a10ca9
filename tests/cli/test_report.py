"""`report`: what the page says is what the run is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from kerasish.cli.main import main
from kerasish.cli.reporting.classes import calibration, matrix, pairs, per_class
from kerasish.cli.reporting.gathered import Answers
from kerasish.cli.reporting.worst import badness
from kerasish.preparation.scores import confusion
from kerasish.preparation.way_back import Output, Target
from kerasish.showing.page.markup import shown
from kerasish.showing.page.numbers import number
from tests.browser.runs import CLASSES, COLUMN, VERSE, trained
from tests.docs.yaml_data import sounds
from tests.showing.test_page import Elements


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


def page_of(folder: Path, name: str, *arguments: str) -> tuple[str, Path]:
    run = trained(folder, name)
    target = folder / f"{name}.html"
    assert main(["report", str(run), "-o", str(target), *arguments]) in (0, None)
    return target.read_text(encoding="utf-8"), run


def test_two_outputs(folder: Path) -> None:
    page, run = page_of(folder, "two")
    found = Elements(page)
    assert found.open == []
    assert found.names.count("script") == 1
    for name, value in found.attributes:
        assert not name.startswith("on")
        if name in ("src", "href"):
            assert str(value).startswith(("data:image/png;base64,", "#"))
    for text in (*CLASSES, COLUMN):
        assert shown(text) in found.text
    assert "\\u202ecba" in found.text
    assert "\u202e" not in page
    for heading in ("Training", "Output kind", "Worst samples of kind", "Output price", "Layers",
                    "Graph", "Data", "How to reproduce", "Calibration"):  # fmt: skip
        assert f">{heading}</h" in page, heading
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    for value in metrics["test"]["as_trained"].values():
        assert number(value) in found.text
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    for digest in record["files"].values():
        assert digest in found.text
    assert "fit two.yaml" in found.text
    assert "seed: 3" in found.text
    assert len(page) < 1_000_000


def test_quantities_are_in_the_units_of_the_file(folder: Path) -> None:
    page, _ = page_of(folder, "two")
    assert "In the file&#x27;s units." in page
    text = Elements(page).text
    truth = re.search(r"mean and deviation of the truth([\d,]+) ± ([\d,]+)", text)
    assert truth is not None
    assert 40_000 < float(truth[1].replace(",", "")) < 50_000


def test_series(folder: Path) -> None:
    page, _ = page_of(folder, "waves")
    for text in ("history", "truth", "forecast", "The worst window", "Error by steps ahead",
                 "windows for 2 epochs", "weights of the last epoch"):  # fmt: skip
        assert text in page
    assert "best, epoch" not in page


def test_text_by_character(folder: Path) -> None:
    page, _ = page_of(folder, "verses")
    text, whole = Elements(page).text, VERSE * 20
    assert "mean absolute error" not in text
    # 58 windows of training and 30 of validation have targets of 8 characters each, all apart.
    for name, letter in (("' '", " "), ("'\\n'", "\n"), ("h", "h")):
        counts = [whole[1:393].count(letter), whole[400:640].count(letter)]
        row = rf"{re.escape(name)}{counts[0]}[\d.]+ %{counts[1]}[\d.]+ %"
        assert re.search(row, text), (row, text[text.index("Classes of next") :][:300])
    places = re.findall(r"verses\.txt, character (\d+)</td>", page)
    assert len(places) == 20
    assert {int(place) % 8 for place in places} == {0}  # windows of 8, the first at 400
    table = page[page.index("Worst samples</h") :]
    row = re.search(r'<span class="written">(.*?)</span></td><td>.*? (\d+)</td>', table, re.DOTALL)
    assert row is not None
    said = re.sub(r"<.*?>", "", row[1])
    start = int(row[2])
    assert said == whole[start : start + 8]
    assert 'class="bad"' in row[1]


def test_pictures_and_another_part(folder: Path) -> None:
    page, run = page_of(folder, "pictures", "--part", "validation")
    assert page.count("data:image/png;base64,") == 20
    assert "Measured on the validation part, 144 rows" in page
    value = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert number(value["validation"]["as_trained"]["accuracy"]) in page


def test_other_weights(folder: Path) -> None:
    page, run = page_of(folder, "pictures", "--weights", "last")
    assert "with the weights of the last epoch, 2." in page
    assert "best, epoch" not in page
    assert number(run_loss(run)) not in page


def run_loss(run: Path) -> float:
    held = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return held["train"]["as_trained"]["loss"]


def test_it_lies_in_the_run_where_no_other_place_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(folder, "pictures")
    assert main(["report", str(run)]) in (0, None)
    assert (run / "report.html").is_file()
    assert str(run / "report.html") in capsys.readouterr().out


def test_what_cannot_be_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(folder / "none")]) == 2
    assert "model.keras" in capsys.readouterr().err
    run = trained(folder, "waves")
    assert main(["report", str(run), "--part", "validation"]) == 2
    assert "validation" in capsys.readouterr().err
    assert main(["report", str(run), "-o", str(folder / "no" / "x.html")]) == 2
    assert "folder that exists" in capsys.readouterr().err


def test_where_the_data_are_gone_it_has_what_the_run_keeps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, "two")
    (tmp_path / "two.csv").unlink()
    assert main(["report", str(run)]) in (0, None)
    told = "The data are not here (two.csv): nothing is said of single rows."
    assert told in capsys.readouterr().err
    page = (run / "report.html").read_text(encoding="utf-8")
    assert told in page
    assert Elements(page).open == []
    for heading in ("Training", "Layers", "Graph", "Data", "How to reproduce"):
        assert f">{heading}</h" in page, heading
    assert "Worst samples" not in page
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    for value in metrics["test"]["as_trained"].values():
        assert number(value) in page
    (run / "run.json").write_text(
        (run / "run.json").read_text("utf-8").replace("two.csv", "two.yaml"), "utf-8"
    )
    capsys.readouterr()
    assert main(["report", str(run)]) == 2  # files are there, and something else is wrong
    assert "two.csv" in capsys.readouterr().err


def test_rows_of_a_stream_are_those_of_memory(tmp_path: Path) -> None:
    """The worst first, each with its own texts and place, though a stream is read in order."""
    run = trained(tmp_path, "two")
    assert main(["report", str(run)]) in (0, None)
    page = (run / "report.html").read_text(encoding="utf-8")
    config = run / "config.resolved.yaml"
    text = re.sub(r"\{csv: ([^}]*)\}", r"{csv: \1, stream: true}", config.read_text("utf-8"))
    text = re.sub(r"(?m)^( +)csv: (.*)$", r"\1csv: \2\n\1stream: true", text)  # a long path
    assert "stream: true" in text
    config.write_text(text, encoding="utf-8")
    assert main(["report", str(run), "-o", str(tmp_path / "s.html")]) in (0, None)
    streamed = (tmp_path / "s.html").read_text(encoding="utf-8")

    def part(text: str, heading: str) -> str:
        begin = text.index(f">{heading}</h")
        return text[begin : text.index("</section>", begin)]

    for heading in ("Worst samples of kind", "Worst samples of price", "Data"):
        assert part(streamed, heading) == part(page, heading), heading


def test_sounds_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sounds(tmp_path)
    example = Path(__file__).parents[2] / "docs" / "yaml" / "source_audio.yaml"
    text = example.read_text(encoding="utf-8").replace("length: 800", "length: 1200")
    (tmp_path / "s.yaml").write_text(text.replace("Reshape: [800]", "Reshape: [1200]"), "utf-8")
    assert main(["fit", "s.yaml", "--quiet", "--seed", "1"]) == 0
    assert main(["report", "runs/s"]) in (0, None)
    page = Path("runs/s/report.html").read_text(encoding="utf-8")
    begin = page.index(">Worst samples</h")
    section = page[begin : page.index("</section>", begin)]
    assert section.count('<path d="M') == 4
    assert "high/" in section or "low/" in section
    assert Elements(page).open == []


# --- numbers ----------------------------------------------------------------------------------


def test_expected_calibration_error() -> None:
    # Two bins of ten: 0.9 sure and right in 3 of 4, 0.55 sure and right in 1 of 2.
    sure = np.array([0.9, 0.9, 0.9, 0.9, 0.55, 0.55])
    right = np.array([True, True, True, False, True, False])
    found = calibration(sure, right, 10)
    assert found.error == pytest.approx((4 * 0.15 + 2 * 0.05) / 6)
    assert found.largest == pytest.approx(0.15)
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 4, 0]
    assert found.accuracy[8] == 0.75
    assert np.isnan(found.accuracy[0])
    edges = calibration(np.array([0.0, 1.0]), np.array([False, True]), 10)
    assert edges.error == 0
    assert edges.counts[[0, 9]].tolist() == [1, 1]


def test_confusion_has_the_true_class_in_rows() -> None:
    counts = confusion(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), 3)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
    made = matrix(counts, ["a", "b", "c"])
    assert "a taken for b: 1, 50.0 %" in made
    assert "c taken for b: 1, 100.0 %" in made
    scores = Elements(per_class(counts, ["a", "b", "c"])).text
    assert "b0.3331.0000.50013" in scores  # precision, recall, F1, rows, predicted
    assert "c–0.0000.00010" in scores
    most = Elements(pairs(counts, ["a", "b", "c"])).text
    assert "ab150.0 %" in most
    assert "ba" not in most


def test_worst_are_the_least_probable_of_the_true_class() -> None:
    target = Target("y", (), ("a", "b"), ())
    values = np.array([[0.9, 0.1], [0.2, 0.8]])
    made = Answers(
        Output(target, "class"), np.arange(2), np.array([1, 1]), np.array([1, 1]), values
    )
    np.testing.assert_allclose(badness(made), -np.log([0.1, 0.8]))
    one = Answers(Output(target, "yes or no"), np.arange(2), np.array([1, 0]), np.array([1, 0]),
                  np.array([[0.3], [0.3]]))  # fmt: skip
    np.testing.assert_allclose(badness(one), -np.log([0.3, 0.7]))
    quantity = Output(Target("y", (), None, ()), "quantity")
    true, said = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[2.0, 4.0], [0.0, 1.0]])
    amount = Answers(quantity, np.arange(2), true, true, said)
    np.testing.assert_allclose(badness(amount), [1.5, 0.5])
