"""Data: datasets, adapters from what users have to batches, and small helpers for both."""

from kerasish.data.adapters import as_source
from kerasish.data.arrays import ArrayPass, ArraySource
from kerasish.data.batch import Batch, pack_x_y_sample_weight, unpack_x_y_sample_weight
from kerasish.data.blocks import BlockSource
from kerasish.data.numeric import normalize, to_categorical
from kerasish.data.prefetch import Prefetcher
from kerasish.data.py_dataset import PyDataset, PyDatasetSource
from kerasish.data.sequence import pad_sequences, timeseries_dataset_from_array
from kerasish.data.source import DataSource
from kerasish.data.splits import train_validation_split
from kerasish.data.steps import StepsSource
from kerasish.data.streams import StreamSource

__all__ = [
    "ArrayPass",
    "ArraySource",
    "Batch",
    "BlockSource",
    "DataSource",
    "Prefetcher",
    "PyDataset",
    "PyDatasetSource",
    "StepsSource",
    "StreamSource",
    "as_source",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "timeseries_dataset_from_array",
    "to_categorical",
    "train_validation_split",
    "unpack_x_y_sample_weight",
]
