"""What holds between the nodes of a graph: names, references, cycles, and what nothing reads."""

from __future__ import annotations

from collections.abc import Iterable

from kerasish.declarative.check import specification as checked
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Entry, Mark


def check_graph(
    section: checked.FunctionalSection,
    inputs: dict[str, Entry],
    nodes: dict[str, Entry],
    layers: dict[str, Entry],
    diagnostics: Diagnostics,
) -> None:
    """Record K401 to K404; the three tables hold what was written, right or wrong."""
    before = len(diagnostics)
    _check_names(section, [*inputs.values(), *nodes.values(), *layers.values()], diagnostics)
    _check_references(section, {*inputs, *nodes}, diagnostics)
    _check_uses(section, set(layers), diagnostics)
    if len(diagnostics) == before:
        _check_cycles(section, diagnostics)
        # A node that could not be read is a finding already, and may have read the others.
        if section.outputs and len(section.nodes) == len(nodes):
            _check_unused(section, diagnostics)


def _check_names(
    section: checked.FunctionalSection, declared: list[Entry], diagnostics: Diagnostics
) -> None:
    """Inputs, nodes, shared layers and the names given to layers are all different."""
    names = [(entry.key, entry.mark) for entry in declared]
    for node in section.nodes:
        for item in node.items:
            # A layer that bears its node's name is that node.
            if "name" in item.marks and item.arguments["name"] != node.name:
                names.append((item.arguments["name"], item.marks["name"]))
    report_repeats(names, diagnostics)


def report_repeats(names: Iterable[tuple[str, Mark]], diagnostics: Diagnostics) -> None:
    """K404 for every name that an earlier one is equal to."""
    first: dict[str, Mark] = {}
    for name, mark in names:
        if name in first:
            hint = f"first used at {first[name]}"
            diagnostics.add("K404", f"the name '{clip(name, 60)}' is used twice", mark, hint)
        first.setdefault(name, mark)


def _check_references(
    section: checked.FunctionalSection, known: set[str], diagnostics: Diagnostics
) -> None:
    uses = [(f"node '{n.name}' reads", one) for n in section.nodes for one in n.references()]
    uses += [("outputs name", one) for one in section.outputs]
    for reader, one in uses:
        if one.name not in known:
            message = f"{reader} '{clip(one.name, 60)}' (undefined)"
            diagnostics.add("K401", message, one.mark, did_you_mean(one.name, sorted(known)))


def _check_uses(
    section: checked.FunctionalSection, layers: set[str], diagnostics: Diagnostics
) -> None:
    for node in section.nodes:
        if node.shared is not None and node.shared.name not in layers:
            message = f"node '{node.name}' uses '{clip(node.shared.name, 60)}' (undefined)"
            hint = did_you_mean(node.shared.name, sorted(layers)) or "define it under 'layers:'"
            diagnostics.add("K401", message, node.shared.mark, hint)


def _check_cycles(section: checked.FunctionalSection, diagnostics: Diagnostics) -> None:
    """K402 for every node on a cycle that can be reached, found without recursion."""
    reads = {node.name: node.references() for node in section.nodes}
    state: dict[str, int] = {}
    for start in reads:
        stack = [] if state.get(start) else [(start, list(reads[start]))]
        while stack:
            name, left = stack[-1]
            state[name] = 1
            if not left:
                state[name] = 2
                stack.pop()
                continue
            one = left.pop()
            if state.get(one.name) == 1:
                names = [step for step, _ in stack]
                cycle = [*names[names.index(one.name) :], one.name]
                message = f"nodes form a cycle: {' <- '.join(cycle)}"
                diagnostics.add("K402", message, one.mark)
            elif one.name in reads and not state.get(one.name):
                stack.append((one.name, list(reads[one.name])))


def _check_unused(section: checked.FunctionalSection, diagnostics: Diagnostics) -> None:
    """K403 for nodes, inputs and shared layers that no output depends on."""
    by_name = {node.name: node for node in section.nodes}
    needed: set[str] = set()
    waiting = [one.name for one in section.outputs]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            node = by_name.get(name)
            waiting.extend(one.name for one in (node.references() if node else ()))
    for node in section.nodes:
        if node.name not in needed:
            message = f"no output depends on node '{node.name}'"
            hint = "read it in another node, list it under outputs, or remove it"
            diagnostics.add("K403", message, node.mark, hint)
    for declared in section.inputs:
        if declared.name not in needed:
            diagnostics.add("K403", f"input '{declared.name}' is never read", declared.mark)
    for name in section.entries:
        if name not in needed:
            message = f"the data give '{clip(name, 60)}', which no node reads"
            hint = "read it in a node, or leave it out of data.x"
            diagnostics.add("K403", message, section.mark, hint)
    used = {node.shared.name for node in section.nodes if node.shared is not None}
    for name, item in section.shared.items():
        if name not in used:
            diagnostics.add("K403", f"layer '{name}' is never used", item.mark)
