"""Reuters: 11,228 newswires of 1987 on 46 topics, of Reuters-21578 (D. Lewis)."""

from __future__ import annotations

import numpy as np

from kerasish import registry
from kerasish.datasets import word_lists
from kerasish.datasets.housing import check_split, order_of
from kerasish.datasets.word_lists import Arrays

FILE = "reuters.npz"
SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
INDEX = "reuters_word_index.json"
INDEX_MD5 = "4d44cc38712099c9e383dc6e5f11a921"
# In the order of the labels.
CLASSES = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply",
    "coffee", "sugar", "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi",
    "money-fx", "interest", "gnp", "meal-feed", "alum", "oilseed", "gold", "tin",
    "strategic-metal", "livestock", "retail", "ipi", "iron-steel", "rubber", "heat", "jobs", "lei",
    "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead",
)  # fmt: skip


@registry.entry("dataset", "reuters")
def load_data(
    path: str = FILE,
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): newswires as numbers of words, and their topics.

    Word n of `get_word_index()` is n + `index_from`. Read from `$KERASISH_DATA/reuters/` or the
    cache, and downloaded otherwise; the pickles in the file are never run. Copyright Reuters Ltd.
    and Carnegie Group; distributed for research only, "Reuters-21578, Distribution 1.0".

    Args:
        path: what the file is called there.
        num_words: numbers from here on are replaced by `oov_char`. None, as in Keras, stands for
            the largest number, which is replaced then too.
        skip_top: numbers below are replaced by `oov_char`.
        maxlen: only newswires with fewer words, the start counted, are kept; None for all.
        test_split: fraction for testing, 0 <= fraction < 1.
        seed: of the order before the split.
        start_char: put before each newswire; None for nothing.
        oov_char: what stands for words left out; None to leave them out without a trace.
        index_from: what is added to the numbers of words.

    Returns:
        x: object (n,) of lists of int. y: int64 (n,), 0 to 45; see `get_label_names`.

    Raises:
        ArgumentError: no newswire is shorter than `maxlen`, or a fraction out of range.
        DataError: the file is nowhere and cannot be downloaded, or is not the expected one.
    """
    check_split(test_split)
    (texts,) = word_lists.read(path, "reuters", SHA256, [("x", "y")])
    texts = word_lists.marked(
        texts.kept(order_of(len(texts.lengths), np.random.RandomState(seed))),
        start_char,
        index_from,
    )
    texts = word_lists.shortened(texts, maxlen)
    most = num_words or int(np.max(texts.words, initial=0))
    cut = int(len(texts.lengths) * (1 - test_split))
    first = np.cumsum(np.ones_like(texts.lengths)) <= cut
    train, test = (
        word_lists.chosen(texts.kept(part), most, skip_top, oov_char) for part in (first, ~first)
    )
    return train, test


def get_word_index(path: str = INDEX) -> dict[str, int]:
    """The number of each word, before `index_from` is added: 1 for the most frequent.

    Args:
        path: what the file is called in `$KERASISH_DATA/reuters/` or the cache.

    Raises:
        DataError: the file is nowhere and cannot be downloaded, or is not the expected one.
    """
    return word_lists.word_index(path, "reuters", INDEX_MD5)


def get_label_names() -> tuple[str, ...]:
    """The topics in the order of the labels."""
    return CLASSES
