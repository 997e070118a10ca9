# Written by scripts/make_names.py.
from kerasish.data.adapters import as_source as as_source
from kerasish.data.arrays import ArrayPass as ArrayPass
from kerasish.data.arrays import ArraySource as ArraySource
from kerasish.data.audio import read_sound as read_sound
from kerasish.data.batch import Batch as Batch
from kerasish.data.batch import pack_x_y_sample_weight as pack_x_y_sample_weight
from kerasish.data.batch import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from kerasish.data.blocks import BlockSource as BlockSource
from kerasish.data.dataset import Dataset as Dataset
from kerasish.data.dataset_source import DatasetSource as DatasetSource
from kerasish.data.nodes import AUTOTUNE as AUTOTUNE
from kerasish.data.nodes import INFINITE
from kerasish.data.nodes import UNKNOWN
from kerasish.data.numeric import normalize as normalize
from kerasish.data.numeric import to_categorical as to_categorical
from kerasish.data.prefetch import Prefetcher as Prefetcher
from kerasish.data.py_dataset import PyDataset as PyDataset
from kerasish.data.py_dataset import PyDatasetSource as PyDatasetSource
from kerasish.data.sequence import pad_sequences as pad_sequences
from kerasish.data.sequence import timeseries_dataset_from_array as timeseries_dataset_from_array
from kerasish.data.source import DataSource as DataSource
from kerasish.data.splits import train_validation_split as train_validation_split
from kerasish.data.steps import StepsSource as StepsSource
from kerasish.data.streams import StreamSource as StreamSource
from kerasish.spec import TensorSpec as TensorSpec

__all__: list[str]
INFINITE_CARDINALITY = INFINITE
UNKNOWN_CARDINALITY = UNKNOWN
