# Written by scripts/make_names.py.
from kerasish.preprocessing import image as image
from kerasish.preprocessing import sequence as sequence
from kerasish.data.image_folders import image_dataset_from_directory as image_dataset_from_directory
from kerasish.data.image_folders import text_dataset_from_directory as text_dataset_from_directory
from kerasish.data.sequence import timeseries_dataset_from_array as timeseries_dataset_from_array

__all__: list[str]
