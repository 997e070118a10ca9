"""IMDB: 50,000 film reviews with what their writers thought (Maas et al., 2011)."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import registry
from kerasish.datasets import word_lists
from kerasish.datasets.housing import order_of
from kerasish.datasets.word_lists import Arrays
from kerasish.hints import refuse_unknown

FILE = "imdb.npz"
SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
INDEX = "imdb_word_index.json"
INDEX_MD5 = "bfafd718b763782e994055a2d397834f"


@registry.entry("dataset", "imdb")
def load_data(
    path: str = FILE,
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: Any,
) -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): 25,000 and 25,000 reviews as numbers of words.

    Word n of `get_word_index()` is n + `index_from`. Read from `$KERASISH_DATA/imdb/` or the
    cache, and downloaded otherwise; the pickles in the file are never run. Its authors state no
    licence and ask to cite A. Maas et al., "Learning Word Vectors for Sentiment Analysis" (2011).

        x = keras.utils.pad_sequences(x_train, maxlen=200)

    Args:
        path: what the file is called there.
        num_words: numbers from here on are replaced by `oov_char`. None, as in Keras, stands for
            the largest number, which is replaced then too.
        skip_top: numbers below are replaced by `oov_char`.
        maxlen: only reviews with fewer words, the start counted, are kept; None for all.
        seed: of the order.
        start_char: put before each review; None for nothing.
        oov_char: what stands for words left out; None to leave them out without a trace.
        index_from: what is added to the numbers of words.

    Returns:
        x: object (n,) of lists of int. y: int64 (n,), 0 or 1.

    Raises:
        ArgumentError: no review is shorter than `maxlen`, or an unknown argument.
        DataError: the file is nowhere and cannot be downloaded, or is not the expected one.
    """
    refuse_unknown("imdb.load_data", kwargs, load_data.__annotations__)
    rng = np.random.RandomState(seed)
    names = [("x_train", "y_train"), ("x_test", "y_test")]
    parts: list[word_lists.Texts] = []
    for texts in word_lists.read(path, "imdb", SHA256, names):
        texts = texts.kept(order_of(len(texts.lengths), rng))
        texts = word_lists.marked(texts, start_char, index_from)
        parts.append(word_lists.shortened(texts, maxlen))
    most = num_words or max(int(np.max(part.words, initial=0)) for part in parts)
    train, test = (word_lists.chosen(part, most, skip_top, oov_char) for part in parts)
    return train, test


def get_word_index(path: str = INDEX) -> dict[str, int]:
    """The number of each word, before `index_from` is added: 1 for the most frequent.

    Args:
        path: what the file is called in `$KERASISH_DATA/imdb/` or the cache.

    Raises:
        DataError: the file is nowhere and cannot be downloaded, or is not the expected one.
    """
    return word_lists.word_index(path, "imdb", INDEX_MD5)
