# Written by scripts/make_names.py.
from kerasish.data.images import array_to_img as array_to_img
from kerasish.data.images import img_to_array as img_to_array
from kerasish.data.images import load_img as load_img
from kerasish.data.images import save_img as save_img
from kerasish.data.images import smart_resize as smart_resize

__all__: list[str]
