"""Thousands of random imperative programs, run in every way that there is and held to the rule.

    python scripts/random_programs.py --count 2000 --seed 1

A program reads, assigns and swaps variables, opens tapes in tapes, takes gradients, steps
optimizers, calls layers, branches and loops (tests/imperative/language.py). The judge beside it
says in plain Python what it must do; it is run op by op, through `function` and through `fit`,
with each provider and without. What differs is printed, made as short as it can be.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.imperative.judge import RejectedError
from tests.imperative.language import Block, Program, draw_program, is_block
from tests.imperative.machine import WAYS, differences, doubles, judged, without

WITHOUT = ((), ("llvm",), ("onednn",), ("llvm", "onednn"))


def shorter(block: Block) -> Iterator[Block]:
    """The block with one statement less, anywhere."""
    for i, statement in enumerate(block):
        yield block[:i] + block[i + 1 :]
        for j, part in enumerate(statement):
            if is_block(part):
                if statement[0] in ("tape", "stopped"):
                    yield block[:i] + part + block[i + 1 :]
                for less in shorter(part):
                    yield [*block[:i], (*statement[:j], less, *statement[j + 1 :]), *block[i + 1 :]]


def shortest(program: Program, way: str, kind: str) -> Program:
    """The shortest program found that goes wrong in the same way."""

    def wrong(block: Block) -> bool:
        made = Program(block, program.kinds, program.start)
        try:
            return differences(made, way, judged(made)).startswith(kind)
        except (RejectedError, KeyError, ValueError):
            return False  # no program any more: a name or a tape is gone

    block = program.block
    while found := next((less for less in shorter(block) if wrong(less)), None):
        block = found
    return Program(block, program.kinds, program.start)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="how many programs to draw")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; programs are numbered")
    parser.add_argument("--length", type=int, default=8, help="statements beside those in bodies")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    with doubles():
        for seed in range(given.seed, given.seed + given.count):
            program = draw_program(random.Random(seed), given.length)
            try:
                want = judged(program)
            except RejectedError as why:
                counts[f"rejected: {why}"] += 1
                continue
            counts["compared"] += 1
            off = WITHOUT[counts["compared"] % len(WITHOUT)]
            with without(*off):
                for way in WAYS:
                    found = differences(program, way, want)
                    if not found:
                        continue
                    counts["WRONG"] += 1
                    print(f"\nprogram {seed}, without {off or 'nothing'}: {found}")
                    print(shortest(program, way, found[: len(way) + 8]))
    for what, count in counts.most_common():
        print(f"{count:6} {what}")
    return 1 if counts["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
