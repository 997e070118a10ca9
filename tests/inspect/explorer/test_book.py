"""Nodes keep their numbers from stage to stage, and whoever changes them is named."""

from __future__ import annotations

import re

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops
from kerasish.compiler import graph_pass, remove_pass
from kerasish.graph import rewrite
from kerasish.graph.node import PICK, Node
from kerasish.graph.watching import gradients
from kerasish.inspect.explorer.book import Book, inner, read
from kerasish.inspect.models import step_of


def book_of(model, x, y=None) -> Book:
    with gradients() as pulled:
        made, _, _ = step_of(model, (x, y, None), None, anew=True)
    return read(made.traced, pulled)


def named(book: Book, stage: str):
    return next(s for s in book.stages if s.name == stage)


@pytest.fixture
def book():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, "relu", name="first"), layers.Dense(2, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return book_of(model, np.ones((5, 4), "f4"), np.zeros(5, int))


def test_every_stage_is_the_one_before_less_what_is_gone_and_what_is_new(book):
    there = set(book.stages[0].numbers.values())
    for stage in book.stages[1:]:
        new = {n.number for n in stage.new}
        assert not new & there, stage.name
        there = (there - set(stage.gone)) | new
        assert there == set(stage.numbers.values()), stage.name
        assert len(stage.numbers) == len(stage.graph.nodes) == len(there), stage.name


def test_a_number_stays_with_op_and_shape(book):
    for stage in book.stages:
        for node, number in stage.numbers.items():
            first: Node = book.nodes[number]
            assert (first.op, first.specs) == (node.op, node.specs)


def test_fused_nodes_stand_for_what_they_hold(book):
    stage, before = named(book, "fuse"), named(book, "own results")
    numbers = set(before.numbers.values())
    checked = 0
    for made in stage.new:
        node = book.nodes[made.number]
        if node.op is PICK or not inner(node):
            continue
        assert set(made.stands_for) <= numbers
        held = sorted(book.nodes[n].op.name for n in made.stands_for)
        assert held == sorted(n.op.name for n in inner(node))
        checked += 1
    assert checked >= 3
    assert stage.rules["fuse"]


def test_gradients_are_tied_to_what_they_are_for(book):
    traced = book.stages[0]
    backward = {
        number
        for node, number in traced.numbers.items()
        if re.search(r"(^|/)grad(/|$)", node.scope) and node.inputs
    }
    assert backward
    assert backward <= set(book.origins)
    for number, origin in book.origins.items():
        assert not re.search(r"(^|/)grad(/|$)", book.nodes[origin].scope)
        if "grad" in book.nodes[number].scope.split("/"):
            assert book.nodes[number].scope.removeprefix("grad/") == book.nodes[origin].scope


def test_rules_of_simplify_and_passes_of_ones_own_are_named():
    @graph_pass(after="simplify")
    def exp_of_log(graph, device):
        def undo(node, inputs):
            undone = node.op.name == "exp" and inputs[0].op.name == "log"
            return inputs[0].inputs[0] if undone else None

        return rewrite(graph, undo)

    try:
        x = keras.Input((4,))
        model = keras.Model(x, ops.exp(ops.log(ops.negative(ops.negative(x * 1.0)))))
        book = book_of(model, np.ones((2, 4), "f4"))
    finally:
        remove_pass("exp_of_log")
    simplify = named(book, "simplify")
    assert simplify.rules["twice"] == 1
    assert simplify.rules["neutral"] == 1
    mine = named(book, "exp_of_log")
    assert dict(mine.rules) == {"undo": 1}
    assert sorted(book.nodes[n].op.name for n in mine.gone) == ["exp", "log"]
