"""`kerasish generate`: text from a run that predicts what comes next."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kerasish.cli.configs import allow_plugins, use_backend
from kerasish.cli.declare import argument, command, count
from kerasish.cli.options import BACKEND, PERMISSIONS, RUN
from kerasish.cli.predict import WEIGHTS, weights_of
from kerasish.errors import ArgumentError, DataError
from kerasish.preparation.served import Served, load, vocabularies
from kerasish.preparation.table import Table, column_of
from kerasish.preparation.windows import Window
from kerasish.spec import TEXT

_BEGINNINGS = ("\n", " ", ".")  # what an empty prompt is, the first that a run knows
_SHOWN = 10  # unknown tokens that are named


@command(
    "train",
    "write text with a run that predicts what comes next",
    RUN,
    argument("--prompt", default="", metavar="TEXT", help="what the text begins with"),
    argument("--length", type=count, default=200, metavar="N", help="characters, or words, to add"),
    argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="T",
        help="below 1 likelier text, above 1 more surprising; 0 takes the likeliest",
    ),
    argument("--top-k", type=count, metavar="K", help="draw among the K likeliest only"),
    argument("--seed", type=int, metavar="S", help="the same seed gives the same text"),
    WEIGHTS,
    BACKEND,
    *PERMISSIONS,
    example="kerasish generate runs/gpt --prompt 'ROMEO:' --temperature 0.8 --seed 1",
)
def generate(arguments: Namespace) -> None:
    """The prompt and what a run adds to it, character by character or word by word,
    as it is made.

    The run's target is the next token of its only input: windows of a text, with
    the same lookup for both. Of a prompt that is longer than the window its end is
    read.
    """
    if arguments.temperature < 0:
        raise ArgumentError("--temperature", expected="0 or more", received=arguments.temperature)
    if arguments.seed is not None and arguments.seed < 0:
        raise ArgumentError("--seed", expected="0 or more", received=arguments.seed)
    allow_plugins(arguments.plugins)
    use_backend(arguments.backend)
    writer = writer_of(load(weights_of(arguments), arguments.allowance))
    tokens, unknown = writer.tokens(arguments.prompt)
    if unknown:
        shown = ", ".join(map(repr, unknown[:_SHOWN])) + ", ..." * (len(unknown) > _SHOWN)
        print(f"the run knows no {shown}", file=sys.stderr)
    sys.stdout.write(arguments.prompt)
    rng = np.random.default_rng(arguments.seed)
    made = writer.write(tokens, arguments.temperature, arguments.top_k, rng)
    for _, token in zip(range(arguments.length), made, strict=False):
        sys.stdout.write(token)
        sys.stdout.flush()
    sys.stdout.write("\n")


def writer_of(served: Served) -> Writer:
    """What writes text with a run.

    Raises:
        DataError: its target is not the next token of a text.
    """
    window, outputs = served.rows.window, list(served.outputs.values())
    column = served.inputs[0]
    known = vocabularies(served.rows.x.values())
    classes = outputs[0].target.classes or ()
    fits = (
        window is not None
        and len(served.rows.x) == len(served.inputs) == len(outputs) == 1
        and outputs[0].form == "class"
        and served.columns.spec(column).dtype == TEXT
        and set(known.get(column, ())) <= set(classes)
        and bool(known.get(column))
    )
    if window is None or not fits:
        raise DataError(
            "generate",
            expected="a run whose target is the next token of a text: x a window of a column by "
            "StringLookup, y the same column with `use:` of x and `offsets:`",
            received=f"one from {', '.join(served.inputs)} to {', '.join(served.outputs)}",
        )
    return Writer(served, window, column, classes, known[column])


@dataclass
class Writer:
    """Writes text token by token.

    Attributes:
        served: the run.
        window: of its rows.
        column: holds a token a row.
        classes: the tokens by number, as the network gives them.
        known: the tokens that the run tells apart.
    """

    served: Served
    window: Window
    column: str
    classes: Sequence[str]
    known: set[str]

    @property
    def of_characters(self) -> bool:
        """Whether tokens are characters, else words."""
        return all(len(token) == 1 for token in self.known)

    def tokens(self, text: str) -> tuple[list[str], list[str]]:
        """The tokens of a prompt, and those of them that the run does not know, each once."""
        found = list(text) if self.of_characters else text.split()
        if not found:
            found = [next((one for one in _BEGINNINGS if one in self.known), min(self.known))]
        return found, [one for one in dict.fromkeys(found) if one not in self.known]

    def write(
        self,
        tokens: Sequence[str],
        temperature: float,
        top_k: int | None,
        rng: np.random.Generator,
    ) -> Iterator[str]:
        """What comes after some tokens, without an end."""
        name = next(iter(self.served.rows.x))
        low, high = self.window.span(name, False)
        length = high - low
        numbers = self._numbers(tokens)[-length:]
        while True:
            chosen = _drawn(self._next(numbers, length), temperature, top_k, rng)
            token = self.classes[chosen]
            yield token if self.of_characters else f" {token}"
            numbers = np.append(numbers, self._numbers([token]))[-length:]

    def _numbers(self, tokens: Sequence[str]) -> np.ndarray:
        table = Table({self.column: column_of(np.array(list(tokens), object))})
        columns = self.served.rows.columns
        (made,) = columns.run(self.served.rows.x, table).values()
        return np.asarray(made).reshape(-1)

    def _next(self, numbers: np.ndarray, length: int) -> np.ndarray:
        """The probability of every token after some."""
        missing = length - len(numbers)
        steps = len(self.served.network.outputs[0].shape) == 3
        blank = self._numbers([next((one for one in _BEGINNINGS if one in self.known), "")])
        fill = np.repeat(blank, missing)
        # What predicts every next token reads no later ones, so that the end may be filled up.
        row = np.concatenate([numbers, fill] if steps else [fill, numbers])
        raw = self.served.network.predict_on_batch(row[None])
        output = next(iter(self.served.outputs.values()))
        values = np.asarray(output.restored(np.asarray(raw)), np.float64)[0]
        found = values[len(numbers) - 1] if steps else values
        allowed = np.array([token in self.known for token in self.classes])
        return np.where(allowed, found, 0.0)


def _drawn(
    probabilities: np.ndarray, temperature: float, top_k: int | None, rng: np.random.Generator
) -> int:
    if temperature == 0:
        return int(probabilities.argmax())
    with np.errstate(divide="ignore"):
        scores = np.log(probabilities) / temperature
    if top_k is not None and top_k < len(scores):
        kept = np.argsort(-scores, kind="stable")[:top_k]
        scores = np.where(np.isin(np.arange(len(scores)), kept), scores, -np.inf)
    weights = np.exp(scores - scores.max())
    return int(rng.choice(len(weights), p=weights / weights.sum()))
