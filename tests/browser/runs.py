"""Runs of small models on data with hostile names and texts, for reports of them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from kerasish.cli.main import main
from tests.declarative.helpers import block

CLASSES = ("plain", "<script>alert(1)</script>", "a \"quoted\" & 'odd' one", "</style><b>x")
TEXTS = ("good", "bad <i>", "</script><script>boom()</script>", "\u202ecba", "tab\x07bell")
VERSE = "to be, or not to be\nthat is the\n"
COLUMN = "size <m²> \"&'"

TWO = block("""
    kerasish: 1
    name: two_outputs
    seed: 3
    data:
      source: {csv: two.csv}
      validation: {split: 0.2}
      test: {every: 3, from: 2}
      x:
        numbers: {from: ['size <m²> "&''', age], seq: [{fill: median}, Normalization]}
        words: {from: note, TextVectorization: {max_tokens: 50, output_sequence_length: 6}}
      y:
        kind: kind
        price: {from: price, Normalization: {}}
    model:
      nodes:
        e: {from: words, seq: [{Embedding: {input_dim: 60, output_dim: 4}}, GlobalAveragePooling1D]}
        both: {from: [numbers, e], Concatenate: {}}
        kind: {from: both, Dense: {units: 4, activation: softmax}}
        price: {from: both, Dense: 1}
      outputs: [kind, price]
    train:
      optimizer: {Adam: {learning_rate: 0.05}}
      loss: {kind: sparse_categorical_crossentropy, price: mse}
      metrics: {kind: [accuracy], price: [mae]}
      epochs: 3
    """)

SERIES = block("""
    kerasish: 1
    name: waves
    seed: 1
    data:
      source: {csv: waves.csv}
      train: {rows: [0, 200]}
      test: {rows: [200, 300]}
      window: {history: 12, horizon: 6}
      x: {past: {from: [a, b], Normalization: {}}}
      y: {future: {from: [a, b], Normalization: {}}}
    model:
      layers: [Flatten, {Dense: 12}, {Reshape: [6, 2]}]
    train: {optimizer: {Adam: {learning_rate: 0.01}}, loss: mse, epochs: 2}
    """)

VERSES = block("""
    kerasish: 1
    name: verses
    seed: 1
    data:
      source: {text: verses.txt, by: character}
      validation: {rows: [400, null]}
      window: {stride: 8}
      x: {chars: {from: text, StringLookup: {num_oov_indices: 1}, offsets: [-8, 0]}}
      y: {next: {from: text, use: chars, offsets: [-7, 1]}}
    model:
      layers:
        - Embedding: {input_dim: $data.chars.size, output_dim: 4}
        - Dense: {units: $data.chars.size, activation: softmax, name: next}
    train: {optimizer: adam, loss: sparse_categorical_crossentropy, epochs: 1}
    """)

PICTURES = block("""
    kerasish: 1
    name: digits
    seed: 1
    data: {dataset: digits, validation: {split: 0.1}, batch_size: 128}
    model:
      input: {shape: [8, 8, 1]}
      layers: [Flatten, {Dense: {units: 10, activation: softmax}}]
    train: {optimizer: adam, loss: sparse_categorical_crossentropy, metrics: [accuracy], epochs: 2}
    """)


def write(folder: Path) -> None:
    """The data and configs of the runs, in a folder."""
    rng = np.random.default_rng(0)
    with (folder / "two.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([COLUMN, "age", "note", "kind", "price"])
        for i in range(300):
            size, age = rng.normal(50, 15), rng.uniform(0, 60)
            kind = CLASSES[int(size > 50) + 2 * int(age > 30)]
            shown = "" if i % 40 == 7 else f"{age:.1f}"
            rows.writerow([f"{size:.2f}", shown, TEXTS[i % 5], kind, f"{900 * size + 5 * age:.2f}"])
    with (folder / "waves.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["a", "b"])
        for i in range(300):
            rows.writerow([f"{100 + 10 * np.sin(i / 3):.4f}", f"{np.cos(i / 5):.4f}"])
    (folder / "verses.txt").write_text(VERSE * 20, encoding="utf-8")
    configs = {"two": TWO, "waves": SERIES, "verses": VERSES, "pictures": PICTURES}
    for name, text in configs.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def trained(folder: Path, name: str) -> Path:
    """The folder of a run of one of the configs, made where there is none."""
    run = folder / name / "run"
    if not run.exists():
        write(folder)
        before = os.getcwd()
        os.chdir(folder)
        try:
            assert main(["fit", f"{name}.yaml", "--run", str(run), "--quiet"]) in (0, None)
        finally:
            os.chdir(before)
    return run
