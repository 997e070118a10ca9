from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import kerasish as keras
from kerasish.errors import ArgumentError, FileFormatError, MissingPackageError, ShapeError
from tests.data.image_calls import pixels, results, write

# TensorFlow, with which Keras made them, takes its bicubic kernel from a table of 1,024 places:
# half a place off on both axes moves a value of 255 by up to 0.3.
SMART = {"bicubic": 0.3, "nearest": 0.0}
GOLDEN = Path(__file__).parents[1] / "golden" / "images.npz"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return results(keras, tmp_path_factory.mktemp("images"))


def test_values_are_those_of_keras(found):
    with np.load(GOLDEN) as golden:
        assert set(golden.files) == set(found)
        for name in golden.files:
            assert found[name].dtype == golden[name].dtype, name
            if name.startswith("smart"):
                atol = SMART.get(name.split("/")[1], 2e-4)
                np.testing.assert_allclose(found[name], golden[name], 0, atol, err_msg=name)
            else:
                np.testing.assert_array_equal(found[name], golden[name], err_msg=name)


def test_a_tensor_stays_a_tensor():
    x = keras.convert_to_tensor(pixels(6, 8, 3).astype("float32"))
    y = keras.preprocessing.image.smart_resize(x, (3, 3))
    assert isinstance(y, keras.Tensor)
    assert tuple(y.shape) == (3, 3, 3)


def test_an_image_in_memory():
    held = io.BytesIO()
    Image.fromarray(pixels(3, 4, 3)).save(held, "png")
    held.seek(0)
    np.testing.assert_array_equal(np.asarray(keras.utils.load_img(held)), pixels(3, 4, 3))


def test_jpeg_loses_its_transparency_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="transparency"):
        keras.utils.save_img(tmp_path / "a.jpg", pixels(8, 8, 4))
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.mode == "RGB"


def test_options_go_to_pillow(tmp_path):
    for quality in (10, 95):
        keras.utils.save_img(tmp_path / f"{quality}.jpg", pixels(32, 32, 3), quality=quality)
    assert (tmp_path / "10.jpg").stat().st_size < (tmp_path / "95.jpg").stat().st_size


DAMAGED = {
    "text": b"no image",
    "nothing": b"",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(40),
    "gif": b"GIF89a" + bytes(30),
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.filterwarnings("ignore")
def test_a_file_that_is_no_image_is_named(name, tmp_path):
    path = tmp_path / f"{name}.png"
    path.write_bytes(DAMAGED[name])
    with pytest.raises(FileFormatError, match=f"{name}.png"):
        keras.utils.load_img(path)


def test_a_cut_file_is_named(tmp_path):
    path = write(tmp_path)["RGB"]
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(FileFormatError, match=r"RGB\.png"):
        keras.utils.load_img(path)


def test_errors(tmp_path):
    utils, smart = keras.utils, keras.preprocessing.image.smart_resize
    path = write(tmp_path)["RGB"]
    with pytest.raises(ArgumentError, match="color_mode"):
        utils.load_img(path, color_mode="cmyk")
    with pytest.raises(ArgumentError, match="interpolation"):
        utils.load_img(path, target_size=(3, 3), interpolation="cubic")
    with pytest.raises(ArgumentError, match="name of a file"):
        utils.load_img(3)
    with pytest.raises(FileNotFoundError):
        utils.load_img(tmp_path / "none.png")
    with pytest.raises(ShapeError, match="three axes"):
        utils.array_to_img(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match="channels"):
        utils.array_to_img(np.zeros((2, 3, 2)))
    with pytest.raises(ShapeError, match="an image"):
        utils.img_to_array(np.zeros(3))
    with pytest.raises(ArgumentError, match=r"\(height, width\)"):
        smart(np.zeros((4, 4, 3)), 3)
    with pytest.raises(ArgumentError, match="unknown argument"):
        smart(np.zeros((4, 4, 3)), (3, 3), antialias=True)
    with pytest.raises(ShapeError, match="3 or 4 axes"):
        smart(np.zeros((4, 4)), (3, 3))


def test_without_pillow(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingPackageError, match=r"kerasish\[image\]"):
        keras.utils.array_to_img(np.zeros((2, 2, 3)))


def test_loading_warns_of_nothing(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in write(tmp_path).values():
            keras.utils.load_img(path, "rgba")
