from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import kerasish as keras
from kerasish.data import Dataset
from kerasish.data.fingerprint import fingerprint
from kerasish.errors import ArgumentError, DataError, FileFormatError, MissingPackageError
from tests.data.folder_calls import METHODS, results, write
from tests.data.image_calls import pixels

GOLDEN = Path(__file__).parents[1] / "golden" / "folders.npz"
# TensorFlow takes its bicubic kernel from a table of 1,024 places; its others are in float32.
TOLERANCES = {"bicubic": 0.3, "bicubic pad": 0.3}
images = keras.utils.image_dataset_from_directory
texts = keras.utils.text_dataset_from_directory


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folders")
    write(folder)
    return folder


def test_values_files_and_splits_are_those_of_keras(tmp_path):
    found = results(keras.utils, tmp_path)
    with np.load(GOLDEN) as golden:
        assert set(golden.files) == set(found)
        for name in golden.files:
            assert found[name].dtype == golden[name].dtype, name
            if found[name].dtype == np.float32:
                atol = TOLERANCES.get(name.split("/")[1], 2e-4)
                np.testing.assert_allclose(found[name], golden[name], 0, atol, err_msg=name)
            else:
                np.testing.assert_array_equal(found[name], golden[name], err_msg=name)


def test_it_is_a_dataset(folder):
    dataset = images(folder / "images", image_size=(4, 6), batch_size=4, verbose=False)
    assert isinstance(dataset, Dataset)
    assert len(dataset) == 3
    assert len(images(folder / "images", image_size=np.int64(4), verbose=False)) == 1
    x, y = dataset.element_spec
    assert (x.shape[1:], x.dtype, y.dtype) == ((4, 6, 3), "float32", "int32")
    assert dataset.class_names == ["a", "b", "c"]
    assert dataset.map(lambda x, y: (x / 255, y)).class_names == dataset.class_names


def test_every_pass_is_shuffled_anew_and_a_seed_makes_it_again(folder):
    def passes():
        dataset = images(folder / "images", labels=list(range(9)), seed=2, image_size=3)
        return [np.concatenate([y for _, y in dataset]).tolist() for _ in range(3)]

    once = passes()
    assert once == passes()
    assert all(sorted(order) == list(range(9)) for order in once)
    assert once[0] != once[1] != once[2]
    fixed = images(folder / "images", labels=list(range(9)), seed=2, image_size=3, format="grain")
    assert [y.tolist() for _, y in fixed] == [y.tolist() for _, y in fixed]


def test_a_cache_goes_by_the_bytes_of_the_files(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name)

    def key(name, **options):
        options = {"image_size": 4, "seed": 1, "verbose": False, **options}
        return fingerprint(images(tmp_path / name / "images", **options).node)

    once = key("one")
    assert once == key("one") == key("two")
    assert once != key("one", interpolation="area")
    assert once != key("one", label_mode="categorical")
    path = tmp_path / "two" / "images" / "b" / "2.PNG"
    Image.fromarray(pixels(3, 3, 3)).save(path, "png")
    assert once != key("two")


def test_a_model_trains_on_it(folder):
    train, val = images(
        folder / "images", image_size=8, validation_split=0.3, subset="both", seed=1, verbose=False
    )
    model = keras.Sequential(
        [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(train, validation_data=val, epochs=2, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()


def broken(tmp_path):
    write(tmp_path)
    path = tmp_path / "images" / "b" / "2.PNG"
    path.write_bytes(path.read_bytes()[:50])
    return tmp_path / "images"


def test_a_broken_file_is_named(tmp_path):
    with pytest.raises(FileFormatError, match=r"2\.PNG"):
        list(images(broken(tmp_path), image_size=4, verbose=False))


def test_a_broken_file_is_left_out_and_counted(tmp_path):
    dataset = images(broken(tmp_path), image_size=4, verbose=False, errors="skip", batch_size=3)
    assert sum(len(y) for _, y in dataset) == 8
    assert dataset.skipped == 1


def test_a_broken_text_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "texts" / "x" / "0.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(FileFormatError, match=r"0\.txt.*UTF-8"):
        list(texts(tmp_path / "texts", verbose=False))
    skipping = texts(tmp_path / "texts", verbose=False, errors="skip")
    assert sum(len(y) for _, y in skipping) == 4


def test_what_is_printed(folder, capsys):
    images(folder / "images", validation_split=0.4, subset="training", seed=1)
    assert capsys.readouterr().out.splitlines() == [
        "Found 9 files belonging to 3 classes.",
        "Using 6 files for training.",
    ]
    texts(folder / "texts", labels=None)
    assert capsys.readouterr().out == "Found 5 files.\n"
    images(folder / "images", verbose=False)
    assert not capsys.readouterr().out


def test_grey_images_of_sixteen_bits(tmp_path):
    (tmp_path / "a").mkdir()
    grey = pixels(5, 6, 1)[..., 0]
    Image.fromarray(grey.astype(np.uint16) * 256 + 7).save(tmp_path / "a" / "0.png")
    dataset = images(tmp_path, image_size=(5, 6), color_mode="grayscale", verbose=False)
    np.testing.assert_array_equal(next(iter(dataset))[0][0, ..., 0], grey)


@pytest.mark.parametrize("method", METHODS)
def test_the_own_size_changes_nothing(method, tmp_path):
    (tmp_path / "a").mkdir()
    Image.fromarray(pixels(5, 6, 3)).save(tmp_path / "a" / "0.png")
    dataset = images(tmp_path, image_size=(5, 6), interpolation=method, verbose=False)
    if method in ("gaussian", "mitchellcubic"):
        return  # which blur
    np.testing.assert_allclose(next(iter(dataset))[0][0], pixels(5, 6, 3), atol=1e-4)


def test_an_empty_class_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "images" / "bare").mkdir()
    with pytest.warns(UserWarning, match="no images in 'bare'"):
        dataset = images(tmp_path / "images", verbose=False)
    assert dataset.class_names == ["a", "b", "bare", "c"]


def test_links(tmp_path):
    write(tmp_path)
    (tmp_path / "images" / "a" / "up").symlink_to(tmp_path / "images")
    assert len(images(tmp_path / "images", verbose=False).file_paths) == 9
    (tmp_path / "images" / "a" / "up").unlink()
    (tmp_path / "images" / "a" / "there").symlink_to(tmp_path / "images" / "c")
    followed = images(tmp_path / "images", follow_links=True, verbose=False)
    assert len(followed.file_paths) == 12
    (tmp_path / "images" / "c" / "up").symlink_to(tmp_path / "images" / "c")
    assert len(images(tmp_path / "images", follow_links=True, verbose=False).file_paths) == 12


SPLIT = {"validation_split": 0.4, "seed": 1}


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"labels": "none"}, "labels"),
        ({"labels": [1, 2]}, "one for each of the 9 images"),
        ({"labels": None, "class_names": ["a"]}, "class_names"),
        ({"labels": [0] * 9, "class_names": ["a"]}, "class_names"),
        ({"class_names": ["a", "d"]}, "folders in.*'d'"),
        ({"label_mode": "ints"}, "label_mode"),
        ({"label_mode": "binary"}, "two classes for 'binary'"),
        ({"color_mode": "bgr"}, "color_mode"),
        ({"image_size": (3, 3, 3)}, "image_size"),
        ({"image_size": (0, 3)}, "image_size"),
        ({"image_size": None}, "image_size"),
        ({"image_size": "small"}, "image_size"),
        ({"interpolation": "cubic"}, "interpolation"),
        ({"format": "torch"}, "format"),
        ({"data_format": "first"}, "data_format"),
        ({"batch_size": 0}, "batch_size"),
        ({"errors": "ignore"}, "errors"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "one of them"),
        ({"validation_split": 0.2}, "both or neither"),
        ({"subset": "training"}, "both or neither"),
        ({**SPLIT, "subset": "test"}, "subset"),
        ({**SPLIT, "subset": "both", "validation_split": 1.5}, "validation_split"),
        ({**SPLIT, "subset": "both", "seed": None}, "overlap"),
    ],
)
def test_arguments(options, match, folder):
    with pytest.raises(ArgumentError, match=match):
        images(folder / "images", verbose=False, **options)


@pytest.mark.parametrize("subset", ["validation", "both"])
def test_an_empty_part_is_named(subset, folder):
    with pytest.raises(DataError, match="no images for validation"):
        images(folder / "images", validation_split=0.1, subset=subset, seed=1, verbose=False)


def test_no_files(folder, tmp_path):
    with pytest.raises(DataError, match="a folder"):
        images(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"no images in.*\.png"):
        images(tmp_path, verbose=False)
    with pytest.raises(DataError, match=r"no text files in.*\.txt"):
        texts(folder / "images" / "b", verbose=False)
    with pytest.raises(ArgumentError, match="max_length"):
        texts(folder / "texts", max_length=-1)


def test_without_pillow(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingPackageError, match=r"kerasish\[image\]"):
        images(folder / "images")
