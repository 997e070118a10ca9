"""Interrupted runs go on bit for bit: R2 of a resume is that nobody can tell it from the whole."""

import os
from functools import partial

import h5py
import numpy as np
import pytest

import kerasish as keras
from kerasish import callbacks, layers
from kerasish.callbacks.checkpoint import read_checkpoint
from kerasish.errors import ArgumentError, FileFormatError
from kerasish.saving import state
from kerasish.saving.files.safe_h5 import open_h5
from tests.golden import fit_cases

X, Y = fit_cases.given(1, 40, 4), fit_cases.given(2, 40, 1)
EPOCHS = 6


class Interrupted(Exception):
    """What stands for a power cut."""


class Cut(callbacks.Callback):
    """Raises after a number of batches."""

    def __init__(self, after: int):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            raise Interrupted


def model() -> keras.Model:
    made = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(1),
        ]
    )
    made.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    return made


def watchers() -> list[callbacks.Callback]:
    return [
        callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=0.3),
        callbacks.EarlyStopping(patience=4, restore_best_weights=True),
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
    ]


def fit(made: keras.Model, *extra: callbacks.Callback, data=None, **options) -> callbacks.History:
    x = {"x": X, "y": Y, "batch_size": 6} if data is None else {"x": data}
    return made.fit(
        **x,
        epochs=EPOCHS,
        validation_data=(X[:9], Y[:9]),
        callbacks=[*watchers(), *extra],
        verbose=0,
        **options,
    )


def end(made: keras.Model) -> list[np.ndarray]:
    return [v.numpy() for v in [*made.variables, *made.optimizer.variables]]


def assert_same_end(first, second):
    (a, history_a), (b, history_b) = first, second
    assert history_a.history == history_b.history
    assert history_a.epoch == history_b.epoch
    for left, right in zip(end(a), end(b), strict=True):
        np.testing.assert_array_equal(left, right)


def whole(**options):
    keras.random.set_random_seed(3)
    made = model()
    return made, fit(made, **options)


def resumed(folder, save_freq, cuts, make=None, **options):
    """A run that is cut off several times, each time started anew in other random state."""
    for number, after in enumerate(cuts):
        keras.random.set_random_seed(3 if number == 0 else 1000 + number)
        saving = callbacks.Checkpoint(folder, save_freq=save_freq)
        data = make() if make else None
        with pytest.raises(Interrupted):
            fit(model(), saving, Cut(after), data=data, **options)
    keras.random.set_random_seed(77)
    made = model()
    data = make() if make else None
    history = fit(made, callbacks.Checkpoint(folder, save_freq=save_freq), data=data, **options)
    return made, history


# 7 batches an epoch; a cut at 10 is inside the second.
@pytest.mark.parametrize("cuts", [(10,), (10, 9), (30,), (15, 8, 9)])
def test_resumed_at_an_epoch(tmp_path, cuts):
    assert_same_end(resumed(tmp_path, "epoch", cuts), whole())


@pytest.mark.parametrize(
    ("save_freq", "cuts"), [(1, (10,)), (4, (10, 9)), (7, (20,)), (3, (4, 4, 4))]
)
def test_resumed_inside_an_epoch(tmp_path, save_freq, cuts):
    assert_same_end(resumed(tmp_path, save_freq, cuts), whole())


class Shuffled(keras.data.PyDataset):
    @property
    def num_batches(self):
        return 7

    def __getitem__(self, index):
        rows = slice(index * 6, index * 6 + 6)
        return X[rows], Y[rows]


def test_resumed_with_a_dataset(tmp_path):
    keras.random.set_random_seed(3)
    made = model()
    expected = made, fit(made, data=Shuffled())
    assert_same_end(resumed(tmp_path, 2, (10, 5), Shuffled), expected)


@pytest.mark.filterwarnings("ignore:The data ended after")
@pytest.mark.parametrize("stop", [(6, 7), (5, 4)])
@pytest.mark.parametrize("steps", [3, 5, 9])
def test_resumed_with_epochs_of_another_size_than_the_data(tmp_path, stop, steps):
    options = {"steps_per_epoch": steps}
    assert_same_end(resumed(tmp_path, 2, stop, **options), whole(**options))


def test_resumed_with_a_generator(tmp_path):
    def make():
        while True:
            yield from ((X[i : i + 6], Y[i : i + 6]) for i in range(0, 40, 6))

    options = {"steps_per_epoch": 7}
    keras.random.set_random_seed(3)
    made = model()
    expected = made, fit(made, data=make(), **options)
    assert_same_end(resumed(tmp_path, 3, (10, 5), make, **options), expected)


def test_a_finished_run_is_not_repeated(tmp_path):
    keras.random.set_random_seed(3)
    made = model()
    history = fit(made, callbacks.Checkpoint(tmp_path))
    again = model()
    repeated = fit(again, callbacks.Checkpoint(tmp_path))
    assert repeated.history == history.history
    for a, b in zip(again.optimizer.variables, made.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_more_epochs_go_on_from_the_last(tmp_path):
    keras.random.set_random_seed(3)
    straight = model()
    straight.fit(X, Y, epochs=5, verbose=0)
    keras.random.set_random_seed(3)
    first = model()
    first.fit(X, Y, epochs=2, callbacks=[callbacks.Checkpoint(tmp_path)], verbose=0)
    second = model()
    history = second.fit(X, Y, epochs=5, callbacks=[callbacks.Checkpoint(tmp_path)], verbose=0)
    assert history.epoch == [0, 1, 2, 3, 4]
    for a, b in zip(end(second), end(straight), strict=True):
        np.testing.assert_array_equal(a, b)


def test_only_so_many_files_are_kept(tmp_path):
    saving = callbacks.Checkpoint(tmp_path, keep=2)
    fit(model(), saving)
    (tmp_path / "notes.txt").write_text("mine")
    assert len(saving.files()) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        *sorted(p.name for p in saving.files()),
        "notes.txt",
    ]


def test_a_damaged_file_gives_way_to_the_one_before(tmp_path):
    made = model()
    made.fit(X, Y, epochs=3, callbacks=[callbacks.Checkpoint(tmp_path)], verbose=0)
    newest = callbacks.Checkpoint(tmp_path).files()[0]
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 0xFF
    newest.write_bytes(bytes(data[: len(data) // 2]))
    with pytest.warns(UserWarning, match="Trying the one before"):
        history = model().fit(X, Y, epochs=3, callbacks=[callbacks.Checkpoint(tmp_path)], verbose=0)
    assert history.epoch == [0, 1, 2]


def test_files_of_another_model_are_refused(tmp_path):
    model().fit(X, Y, callbacks=[callbacks.Checkpoint(tmp_path)], verbose=0)
    other = fit_cases.plain(keras)
    other.compile("sgd", "mse")
    before = other.get_weights()
    with pytest.raises(FileFormatError):
        other.fit(X, Y, callbacks=[callbacks.Checkpoint(tmp_path)], verbose=0)
    np.testing.assert_array_equal(other.get_weights()[0], before[0])


def test_a_run_that_went_wrong_does_not_replace_a_good_file(tmp_path):
    made = model()
    made.fit(X, Y, epochs=1, callbacks=[callbacks.Checkpoint(tmp_path)], verbose=0)
    kept = [p.read_bytes() for p in callbacks.Checkpoint(tmp_path).files()]
    made.set_weights([w * np.nan for w in made.get_weights()])
    with pytest.warns(UserWarning, match="the loss is nan"):
        made.fit(
            X, Y, epochs=2, callbacks=[callbacks.Checkpoint(tmp_path, resume=False)], verbose=0
        )
    assert [p.read_bytes() for p in callbacks.Checkpoint(tmp_path).files()] == kept


def test_resume_says_what_it_needs(tmp_path):
    with pytest.raises(ArgumentError, match="resume=True"):
        model().fit(X, Y, callbacks=[callbacks.Checkpoint(tmp_path, resume=True)], verbose=0)
    made = model()
    made.fit(X, Y, epochs=2, callbacks=[callbacks.Checkpoint(tmp_path)], verbose=0)
    saving = callbacks.Checkpoint(tmp_path, resume=False)
    history = model().fit(X, Y, epochs=1, callbacks=[saving], verbose=0)
    assert history.epoch == [0]
    for wrong in ({"resume": "maybe"}, {"save_freq": 0}, {"keep": 0}):
        with pytest.raises(ArgumentError):
            callbacks.Checkpoint(tmp_path, **wrong)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused_before_training(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ArgumentError, match="written"):
        model().fit(X, Y, callbacks=[callbacks.Checkpoint(tmp_path)], verbose=0)


def test_a_path_that_is_a_file_is_refused_before_training(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(ArgumentError, match="file"):
        model().fit(X, Y, callbacks=[callbacks.Checkpoint(path)], verbose=0)


def test_backup_and_restore_cleans_up_only_after_itself(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    keras.random.set_random_seed(3)
    with pytest.raises(Interrupted):
        fit(model(), callbacks.BackupAndRestore(tmp_path), Cut(20))
    assert len(list(tmp_path.iterdir())) == 2
    made = model()
    history = fit(made, callbacks.BackupAndRestore(tmp_path))
    assert_same_end((made, history), whole())
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_weights_of_a_checkpoint_load_as_weights(tmp_path):
    made = model()
    saving = callbacks.Checkpoint(tmp_path)
    made.fit(X, Y, callbacks=[saving], verbose=0)
    again = model()
    again.load_weights(saving.files()[0])
    for a, b in zip(again.get_weights(), made.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_rows_of_a_csv_file_are_not_repeated(tmp_path):
    path = tmp_path / "log.csv"
    keras.random.set_random_seed(3)
    with pytest.raises(Interrupted):
        fit(model(), callbacks.CSVLogger(path), callbacks.Checkpoint(tmp_path), Cut(17))
    history = fit(model(), callbacks.CSVLogger(path), callbacks.Checkpoint(tmp_path))
    rows = path.read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == [str(e) for e in history.epoch]


PLATEAU = partial(callbacks.ReduceLROnPlateau, monitor="loss")
WRONG = {
    "no fit": lambda kept: kept.pop("fit"),
    "no metrics": lambda kept: kept.pop("metrics"),
    "metrics of another form": lambda kept: kept.update(metrics=[1, 2, 3, 4]),
    "fit is nothing": lambda kept: kept.update(fit=None),
    "fit is empty": lambda kept: kept.update(fit={}),
    "no generator": lambda kept: kept["fit"]["data"].pop("rng"),
    "another generator": lambda kept: kept["fit"]["data"].update(rng={"bit_generator": "PCG64"}),
    "an epoch that is none": lambda kept: kept["fit"].update(epoch="one"),
    "callbacks that are none": lambda kept: kept["fit"].update(callbacks=[]),
    "a callback's state": lambda kept: kept["fit"]["callbacks"].update({"0:ReduceLROnPlateau": 1}),
    "a global seed that is none": lambda kept: kept.update(global_seed="x"),
    "seeds that are none": lambda kept: kept.update(seeds=3),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_state_that_no_run_wrote_changes_nothing(tmp_path, name):
    made = model()
    made.fit(X, Y, verbose=0, callbacks=[PLATEAU(), callbacks.Checkpoint(tmp_path)])
    (path,) = tmp_path.iterdir()
    with open_h5(path) as root:
        kept = state.read_state(root)
    WRONG[name](kept)
    with h5py.File(path, "a") as file:
        del file[state.GROUP]
        state.write_state(file, kept)
    again = model()
    before = [v.numpy() for v in again.variables]
    seen = []

    class Look(callbacks.Callback):
        def on_train_begin(self, logs=None):
            try:
                read_checkpoint(path, again)
            except FileFormatError as error:
                seen.append(error)
            for variable, value in zip(again.variables, before, strict=True):
                np.testing.assert_array_equal(variable.numpy(), value)
            at = again.fit_state
            seen.append((at.epoch, at.step))

    again.fit(X, Y, verbose=0, callbacks=[PLATEAU(), Look()])
    assert str(path) in str(seen[0])
    assert seen[1:] == [(0, 0)]


def test_a_saved_model_is_no_checkpoint(tmp_path):
    made = model()
    made.fit(X, Y, verbose=0)
    made.save(tmp_path / "checkpoint-000001-000000000.h5")
    again = model()
    with pytest.raises(FileFormatError, match="Expected: 4 variables of metrics"):
        again.fit(X, Y, verbose=0, callbacks=[callbacks.Checkpoint(tmp_path)])
