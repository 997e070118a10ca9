"""`Progbar` on terminals of every width, in a notebook, in a file."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.callbacks import Callback
from kerasish.errors import ArgumentError
from kerasish.showing import progress, screen
from tests.showing.terminal import Terminal

NAMES = ["accuracy", "loss", "top_k_categorical_accuracy", "val_accuracy", "val_loss"]
VALUES = [(name, 0.25) for name in NAMES]


def on(monkeypatch: pytest.MonkeyPatch, columns: int | None) -> Terminal:
    made = Terminal(columns)
    monkeypatch.setattr(sys, "stdout", made)
    monkeypatch.setattr(progress, "size", lambda: (columns, 24))
    monkeypatch.setattr(screen, "size", lambda: (columns, 24))
    monkeypatch.setenv("TERM", "xterm")
    return made


def run(bar: Any, values: Any = VALUES, steps: int = 4) -> None:
    for step in range(steps):
        bar.update(step + 1, values)


@pytest.mark.parametrize("columns", [200, 120, 80, 60, 40, 30])
def test_no_metric_is_cut_and_nothing_old_is_left(monkeypatch, columns) -> None:
    terminal = on(monkeypatch, columns)
    run(keras.utils.Progbar(4, interval=0.0))
    keras.utils.Progbar(1).update(1)
    lines = terminal.screen()
    assert all(len(line) < columns for line in lines)
    text = "".join(lines)
    for name in NAMES:
        assert text.count(f" {name}: 0.2500") + text.startswith(f"{name}:") == 1 or columns == 30
    if columns == 30:  # a name that is longer than the line goes on in the next
        assert "top_k_categorical_accuracy: 0." in text.replace("\n", "")
    assert sum("4/4" in line for line in lines) == 1
    assert sum("1/1" in line for line in lines) == 1


def test_every_metric_of_a_run_is_seen_in_eighty_columns(monkeypatch) -> None:
    terminal = on(monkeypatch, 80)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy", "mae", "mse"])
    x, y = np.ones((20, 3), "float32"), np.eye(2, dtype="float32")[np.zeros(20, int)]
    history = model.fit(x, y, batch_size=4, epochs=2, validation_data=(x, y))
    assert sys.stdout is terminal
    text = "\n".join(terminal.screen())
    for name in history.history:
        assert text.count(f" {name}: ") == 2
    assert "Epoch 2/2" in text
    assert "5/5" in text


def test_an_unknown_width_has_the_bar_alone_until_the_end(monkeypatch) -> None:
    terminal = on(monkeypatch, None)
    bar = keras.utils.Progbar(4, interval=0.0)
    run(bar, steps=3)
    assert "loss" not in terminal.getvalue()
    assert all(len(line) <= 40 for line in terminal.screen())
    bar.update(4, VALUES)
    end = terminal.getvalue().split("\r")[-1]
    assert "\x1b[A" not in terminal.getvalue()
    assert all(f"{name}: 0.2500" in end for name in NAMES)


@pytest.mark.parametrize("end", ["\n", ""])
def test_what_is_printed_meanwhile_comes_above(monkeypatch, end) -> None:
    terminal = on(monkeypatch, 40)
    errors = Terminal(40)
    monkeypatch.setattr(sys, "stderr", errors)
    bar = keras.utils.Progbar(4, interval=0.0)
    bar.update(1, VALUES)
    print("first", end=end)
    bar.update(2, VALUES)
    print("second")
    print("third")
    sys.stderr.write("a warning\n")
    run(bar)
    lines = terminal.screen()
    assert [line for line in lines if not line.startswith((" ", "4/4"))] == [
        "first",
        "second",
        "third",
        "",
    ]
    assert sys.stdout is terminal
    assert sys.stderr is errors
    assert errors.getvalue() == "a warning\n"


def test_after_an_interrupt_what_is_written_stays(monkeypatch) -> None:
    terminal = on(monkeypatch, 40)

    class Stop(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 3:
                sys.stdout.write("")
                raise KeyboardInterrupt

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    monkeypatch.setattr(keras.callbacks.ProgbarLogger, "tick_seconds", 1e-9)
    with pytest.raises(KeyboardInterrupt):
        model.fit(np.ones((40, 3)), np.ones((40, 1)), batch_size=4, callbacks=[Stop()])
    print("one\ntwo\nthree")
    assert terminal.screen()[-4:] == ["one", "two", "three", ""]


def test_in_a_file_one_plain_line(capsys) -> None:
    run(keras.utils.Progbar(4))
    out = capsys.readouterr().out
    assert out.startswith("4/4 - 0s - ")
    assert out.count("\n") == 1
    assert "\x1b" not in out
    run(keras.utils.Progbar(4, interval=0))
    assert capsys.readouterr().out.count("\n") == 4


@pytest.mark.parametrize(("verbose", "lines"), [(0, 0), (1, 1), (2, 1)])
def test_verbose(capsys, verbose, lines) -> None:
    run(keras.utils.Progbar(4, verbose=verbose))
    assert capsys.readouterr().out.count("\n") == lines


def test_a_terminal_that_cannot_move_has_plain_lines(monkeypatch) -> None:
    terminal = on(monkeypatch, 80)
    monkeypatch.setenv("TERM", "dumb")
    run(keras.utils.Progbar(4))
    assert "\x1b" not in terminal.getvalue()
    assert terminal.getvalue().startswith("4/4 - 0s - ")


def test_colours_and_characters(monkeypatch) -> None:
    terminal = on(monkeypatch, 80)
    run(keras.utils.Progbar(4))
    assert "\x1b[32m━" in terminal.getvalue()
    terminal = on(monkeypatch, 80)
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.encoding = "ascii"
    run(keras.utils.Progbar(4, interval=0.0))
    assert not {"m", "━"} & set(terminal.getvalue().replace("ms/", "").partition("loss")[0])
    assert "2/4 ==========.......... " in terminal.getvalue()


@pytest.mark.parametrize(
    ("stateful", "stateless", "shown"),
    [(None, None, 1.0), ([], None, 1.0), (["v"], None, 2.0), (None, [], 2.0), (None, ["v"], 1.0)],
)
def test_averages(capsys, stateful, stateless, shown) -> None:
    bar = keras.utils.Progbar(3, interval=0, stateful_metrics=stateful, stateless_metrics=stateless)
    bar.update(1, [("v", 0.0)])
    bar.add(1, [("v", np.float32(2.0))])
    assert f"v: {shown:.4f}" in capsys.readouterr().out.splitlines()[1]


def test_values_that_are_no_numbers(capsys) -> None:
    keras.utils.Progbar(1).update(1, [("list", [0.0, 3.0]), ("word", "abc"), ("small", 1e-5)])
    assert "list: 1.5000 - word: abc - small: 1.0000e-05" in capsys.readouterr().out
    keras.utils.Progbar(2).update(2, [("none", None), ("words", ["a", "b"]), ("nothing", [])])
    assert "none: None - words: ['a', 'b'] - nothing: []" in capsys.readouterr().out


def test_steps_that_nobody_knows(monkeypatch) -> None:
    terminal = on(monkeypatch, 80)
    bar = keras.utils.Progbar(None, interval=0.0)
    bar.add(3)
    assert "3/Unknown 0s" in terminal.getvalue()
    bar.update(4, finalize=True)
    keras.utils.Progbar(0).update(0, finalize=True)
    assert sys.stdout is terminal


def test_times_to_come(monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress, "perf_counter", lambda: now[0])
    terminal = on(monkeypatch, 80)
    bar = keras.utils.Progbar(1000, interval=0.0)
    for step, seconds, told in ((1, 100.0, "27:45:00"), (2, 110.0, "2:46:20"), (998, 610.0, "1s")):
        now[0] = seconds
        bar.update(step)
        assert f" {told} " in terminal.screen()[-1]
    assert "512ms/step" in terminal.screen()[-1]


def test_in_a_notebook_one_output_is_replaced(monkeypatch) -> None:
    shown: list[Any] = []
    handle = SimpleNamespace(update=shown.append)

    def display(value: Any, display_id: bool) -> Any:
        assert display_id
        shown.append(value)
        return handle

    class Cell(io.StringIO):
        pass

    python = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=True))
    monkeypatch.setitem(sys.modules, "IPython", python)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    monkeypatch.setattr(sys, "stdout", Cell())
    run(keras.utils.Progbar(4, interval=0.0), [("a<b", 1.0)])
    assert len(shown) == 4
    assert "a<b: 1.0000" in repr(shown[-1])
    assert "a&lt;b: 1.0000" in shown[-1]._repr_html_()
    assert sys.stdout.getvalue() == ""


def test_what_a_bar_says_of_itself() -> None:
    bar = keras.utils.Progbar(20, verbose=0)
    bar.update(3)
    assert repr(bar) == "<Progbar 3/20>"
    unknown = keras.utils.Progbar(None, verbose=0)
    assert repr(unknown) == "<Progbar 0/Unknown>"
    assert repr(keras.utils.Progbar(0, verbose=0)) == "<Progbar 0>"


def test_refused() -> None:
    with pytest.raises(ArgumentError, match="only one of them"):
        keras.utils.Progbar(3, stateful_metrics=[], stateless_metrics=[])
    with pytest.raises(ArgumentError, match="verbose"):
        keras.utils.Progbar(3, verbose=5)
