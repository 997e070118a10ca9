"""Starting points for what people often train, each a whole config that checks clean."""

from __future__ import annotations

from dataclasses import dataclass

from kerasish.errors import ArgumentError
from kerasish.registry import hint

_TRAIN = """train:
  optimizer: {{Adam: {{learning_rate: {rate}}}}}
  loss: {loss}
  metrics: [{metrics}]
  epochs: {epochs}  # at most: training ends where validation gets no better
  callbacks: [{{EarlyStopping: {{monitor: val_loss, patience: 5, restore_best_weights: true}}}}]
"""
_FREE = "# The numbers in vars may be facts of the data too, such as $data.words.size.\n"


def _train(loss: str, metrics: str = "accuracy", rate: str = "0.001", epochs: int = 30) -> str:
    return _TRAIN.format(loss=loss, metrics=metrics, rate=rate, epochs=epochs)


@dataclass(frozen=True)
class Template:
    """A config: what it is for, in a few words, and its text below the heading."""

    about: str
    body: str


TEMPLATES = {
    "image": Template(
        "pictures into classes, a folder for each class",
        """vars: {size: 64, classes: 3}
data:
  # folder/NAME/*.png: NAME is the class. In place of it: dataset: digits
  source: {images: pictures, size: ["$size", "$size"], color: rgb}
  validation: {split: 0.1, stratify: label}
  test: {split: 0.1, stratify: label}
  x: image
  y: label
  augment: [RandomFlip: horizontal, RandomRotation: 0.05]  # training only
  batch_size: 32
blocks:
  conv:
    args: {filters: }
    layers:
      - Conv2D: {filters: $filters, kernel_size: 3, padding: same, use_bias: false}
      - BatchNormalization
      - Activation: relu
      - MaxPooling2D: 2
model:
  input: {shape: ["$size", "$size", 3], name: image}
  layers:
    - Rescaling: "${1 / 255}"
    - conv: 32
    - conv: 64
    - conv: 128
    - GlobalAveragePooling2D
    - Dropout: 0.3
    - Dense: {units: $classes, activation: softmax}
"""
        + _train("sparse_categorical_crossentropy"),
    ),
    "text": Template(
        "texts into classes: words and pairs of words",
        _FREE
        + """vars: {words: 20000, length: 100, classes: 2}
data:
  source: {csv: texts.csv}  # columns text and label
  validation: {split: 0.1, stratify: label}
  test: {split: 0.1, stratify: label}
  x:
    words:
      from: text
      TextVectorization: {max_tokens: $words, ngrams: 2, output_sequence_length: $length}
  y: label
  batch_size: 32
model:
  input: {shape: [$length], dtype: int32, name: words}
  layers:
    - Embedding: {input_dim: $words, output_dim: 64, mask_zero: true}
    - GlobalAveragePooling1D
    - Dropout: 0.5
    - Dense: {units: $classes, activation: softmax}
"""
        + _train("sparse_categorical_crossentropy", rate="0.003"),
    ),
    "table": Template(
        "a row of numbers and kinds into classes",
        _FREE
        + """vars: {classes: 2}
data:
  source: {csv: table.csv, missing: "?"}
  validation: {split: 0.1, stratify: label}
  test: {split: 0.1, stratify: label}
  x:
    numbers: {from: [age, income], seq: [fill: median, float_normalized]}
    city: {from: city, string_categorical: {max_tokens: 20}}
  y: label
  batch_size: 64
model:
  inputs: {numbers: [2], city: [20]}
  nodes:
    all: {from: [numbers, city], Concatenate: {}}
    hidden:
      from: all
      seq:
        - Dense: {units: 64, activation: relu}
        - Dropout: 0.2
        - Dense: {units: 32, activation: relu}
    label: {from: hidden, Dense: {units: $classes, activation: softmax}}
  outputs: label
"""
        + _train("sparse_categorical_crossentropy"),
    ),
    "regression": Template(
        "a row of numbers into a quantity, which comes back in its units",
        """data:
  source: {csv: table.csv}
  validation: {split: 0.1}
  test: {split: 0.1}
  x: {numbers: {from: [area, rooms, year], seq: [fill: median, float_normalized]}}
  y: {price: {from: price, Normalization: {}}}
  batch_size: 64
model:
  input: {shape: [3], name: numbers}
  layers:
    - Dense: {units: 64, activation: relu}
    - Dense: {units: 32, activation: relu}
    - Dense: 1
"""
        + _train("mse", "RootMeanSquaredError"),
    ),
    "series": Template(
        "the next hours of a series from the last day",
        """vars: {history: 24, horizon: 6}
data:
  source: {csv: series.csv, time: date}
  # By rows: a series is never split at random.
  validation: {where: {date: {from: "2023-01-01", to: "2024-01-01"}}}
  test: {where: {date: {from: "2024-01-01", to: "2025-01-01"}}}
  window: {history: $history, horizon: $horizon}
  x: {past: {from: [load, wind], seq: [fill: previous, float_normalized]}}
  y: {ahead: {from: load, Normalization: {}}}
  batch_size: 64
model:
  input: {shape: [$history, 2], name: past}
  layers:
    - GRU: 32
    - Dense: $horizon
"""
        + _train("mse", "RootMeanSquaredError"),
    ),
    "audio": Template(
        "sounds into classes, a folder for each class",
        """vars: {rate: 8000, classes: 10}
data:
  source: {audio: sounds, rate: $rate, length: $rate}  # one second each
  validation: {split: 0.1, stratify: label}
  test: {split: 0.1, stratify: label}
  x: audio
  y: label
  batch_size: 32
model:
  input: {shape: [$rate], name: audio}
  layers:
    - MelSpectrogram:
        sampling_rate: $rate
        fft_length: 256
        sequence_stride: 128
        num_mel_bins: 40
        max_freq: "${rate / 2}"
    - Permute: [2, 1]
    - Conv1D: {filters: 64, kernel_size: 5, activation: relu}
    - MaxPooling1D: 2
    - Conv1D: {filters: 64, kernel_size: 5, activation: relu}
    - GlobalMaxPooling1D
    - Dropout: 0.3
    - Dense: {units: $classes, activation: softmax}
"""
        + _train("sparse_categorical_crossentropy"),
    ),
    "autoencoder": Template(
        "pictures through a narrow code and back",
        """vars: {code: 16}
data:
  dataset: digits
  validation: {split: 0.1}
  x: {image: {from: x, Rescaling: "${1 / 16}"}}
  y: {again: {from: x, Rescaling: "${1 / 16}"}}
  batch_size: 64
model:
  inputs: {image: [8, 8, 1]}
  nodes:
    code: {from: image, seq: [Flatten, Dense: {units: 64, activation: relu}, Dense: $code]}
    again:
      from: code
      seq:
        - Dense: {units: 64, activation: relu}
        - Dense: {units: 64, activation: sigmoid}
        - Reshape: [8, 8, 1]
  outputs: again
"""
        + _train("mse", "mae"),
    ),
    "gpt": Template(
        "text, a character after the other; `kerasish generate` writes with it",
        """vars: {length: 128, width: 128, heads: 4, letters: 100}
data:
  source: {text: input.txt, by: character}
  validation: {split: 0.1}
  x: {letters: {from: text, offsets: ["${-length}", 0], StringLookup: {max_tokens: $letters}}}
  y: {next: {from: text, offsets: ["${1 - length}", 1], use: letters}}
  batch_size: 64
blocks:
  transformer:
    args: {width: , heads: }
    input: x
    nodes:
      a: {from: x, LayerNormalization: {}}
      b:
        from: {query: a, value: a, use_causal_mask: true}
        MultiHeadAttention: {num_heads: $heads, key_dim: "${width // heads}"}
      c: {from: [x, b], Add: {}}
      d:
        from: c
        seq:
          - LayerNormalization
          - Dense: {units: "${4 * width}", activation: gelu}
          - Dense: $width
      e: {from: [c, d], Add: {}}
    output: e
model:
  inputs: {letters: {shape: [$length], dtype: int32}}
  nodes:
    vectors: {from: letters, Embedding: {input_dim: $letters, output_dim: $width}}
    places: {arange: {stop: $length}}
    place: {from: places, Embedding: {input_dim: $length, output_dim: $width}}
    start: {from: [vectors, place], Add: {}}
    body:
      from: start
      seq:
        - repeat: 2
          layers: [transformer: {width: $width, heads: $heads}]
        - LayerNormalization
    next: {from: body, Dense: $letters}
  outputs: next
"""
        + _train("{SparseCategoricalCrossentropy: {from_logits: true}}", epochs=5),
    ),
    "two_inputs": Template(
        "a text and numbers together into two targets",
        _FREE
        + """vars: {words: 20000, length: 50, classes: 3}
data:
  source: {csv: tickets.csv}
  validation: {split: 0.1}
  test: {split: 0.1}
  x:
    words: {from: text, TextVectorization: {max_tokens: $words, output_sequence_length: $length}}
    numbers: {from: [age, visits], seq: [fill: median, float_normalized]}
  y:
    topic: topic
    hours: {from: hours, Normalization: {}}
  batch_size: 64
model:
  inputs: {words: {shape: [$length], dtype: int32}, numbers: [2]}
  nodes:
    read:
      from: words
      seq:
        - Embedding: {input_dim: $words, output_dim: 64, mask_zero: true}
        - GlobalAveragePooling1D
    all: {from: [read, numbers], Concatenate: {}}
    hidden: {from: all, seq: [Dropout: 0.3, Dense: {units: 64, activation: relu}]}
    topic: {from: hidden, Dense: {units: $classes, activation: softmax}}
    hours: {from: hidden, Dense: 1}
  outputs: [topic, hours]
train:
  optimizer: {Adam: {learning_rate: 0.001}}
  loss: {topic: sparse_categorical_crossentropy, hours: mse}
  loss_weights: {topic: 1.0, hours: 0.5}
  metrics: {topic: [accuracy], hours: [mae]}
  epochs: 30  # at most: training ends where validation gets no better
  callbacks: [{EarlyStopping: {monitor: val_loss, patience: 5, restore_best_weights: true}}]
""",
    ),
}


def listed() -> list[str]:
    """A line for each template."""
    width = max(map(len, TEMPLATES))
    return [f"{name:{width}}  {one.about}" for name, one in TEMPLATES.items()]


def text(name: str) -> str:
    """The config of a template.

    Raises:
        ArgumentError: there is none of that name.
    """
    if name not in TEMPLATES:
        raise ArgumentError(
            "--template",
            expected=f"one of {', '.join(TEMPLATES)}",
            received=repr(name),
            fix=hint(name, TEMPLATES, 3),
        )
    one = TEMPLATES[name]
    head = f"# {one.about[0].upper()}{one.about[1:]}.\n#   kerasish fit {name}.yaml\n"
    return f"{head}kerasish: 1\nname: {name}\nseed: 1\n{one.body}"
