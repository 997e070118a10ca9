"""The public namespace: every name it lists is there, and nothing is loaded before it is used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import kerasish as keras
from kerasish._names import PUBLIC

HOMES = PUBLIC
MODULES = PUBLIC["kerasish"][""].split()
NAMES = sorted(set(dir(keras)) - {*MODULES, "__version__", "version"})
KERAS = (
    "Input InputSpec KerasTensor Layer Loss Metric Model Operation Optimizer Regularizer "
    "Initializer Sequential Variable DTypePolicy Function RematScope name_scope version "
    "activations backend callbacks config constraints datasets dtype_policies initializers "
    "layers losses metrics mixed_precision models ops optimizers random regularizers remat "
    "saving tree utils"
).split()

FRESH = """
import json, sys
import kerasish
before = sorted(m for m in sys.modules if m.startswith("kerasish."))
kerasish.ops, kerasish.layers.Dense
after = sorted({m.partition(".")[0] for m in sys.modules})
print(json.dumps([before, after]))
"""


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    assert getattr(keras, name) is not None
    assert name in dir(keras)


@pytest.mark.parametrize("name", MODULES)
def test_modules(name: str) -> None:
    assert isinstance(getattr(keras, name), ModuleType)


@pytest.mark.parametrize("name", KERAS)
def test_names_of_keras(name: str) -> None:
    assert getattr(keras, name) is not None


def test_no_name_is_that_of_a_module_beside_it() -> None:
    """Importing such a module would put it in the place of the function."""
    root = Path(keras.__file__).parent.parent
    for space, homes in HOMES.items():
        folder = root / space.replace(".", "/")
        beside = {path.stem for path in folder.glob("*.py")}
        offered = " ".join(listed for home, listed in homes.items() if home).split()
        assert not beside & {entry.partition(":")[0] for entry in offered}, space


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = keras.nothing
    assert not hasattr(keras, "_secret")


PUBLIC = (
    "activations backend callbacks constraints datasets dtype_policies initializers layers losses "
    "metrics mixed_precision models optimizers random regularizers saving utils"
).split()


def test_dir_holds_public_names_only() -> None:
    plumbing = {"Any", "Callable", "Mapping", "TYPE_CHECKING", "annotations", "importlib", "np"}
    for space in [keras, *(getattr(keras, name) for name in PUBLIC)]:
        assert not plumbing & set(dir(space)), space
        assert all(hasattr(space, name) for name in dir(space))


def test_datasets_are_imported_as_in_keras() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from kerasish.datasets import mnist; import kerasish.datasets.digits as digits\n"
            "import kerasish\nassert kerasish.datasets.mnist is mnist",
        ],
        check=False,
        timeout=120,
        cwd=Path(__file__).resolve().parents[1],
    )
    assert done.returncode == 0


def test_nothing_is_loaded_early() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FRESH],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=Path(__file__).resolve().parents[1],
    )
    before, after = json.loads(done.stdout)
    early = ("version", "registry", "errors", "budget", "collector", "names", "_names")
    assert set(before) <= {f"kerasish.{name}" for name in early}
    assert {"h5py", "yaml", "tqdm", "pandas", "scipy", "ml_dtypes", "cupy"} & set(after) == set()


def test_utils() -> None:
    assert keras.utils.is_keras_tensor(keras.Input((2,)))
    assert not keras.utils.is_keras_tensor(keras.ops.ones(2))
    assert keras.utils.to_categorical([1, 0], 2).tolist() == [[0, 1], [1, 0]]
    assert keras.utils.standardize_dtype("float") == keras.config.floatx()
    keras.utils.clear_session()
    held = keras.utils.is_interactive_logging_enabled()
    keras.utils.disable_interactive_logging()
    assert not keras.utils.is_interactive_logging_enabled()
    keras.utils.enable_interactive_logging()
    assert keras.utils.is_interactive_logging_enabled()
    if not held:
        keras.utils.disable_interactive_logging()


def test_flash_attention_is_a_word_that_is_kept() -> None:
    held = keras.config.settings.flash_attention
    keras.config.enable_flash_attention()
    assert keras.config.is_flash_attention_enabled()
    keras.config.disable_flash_attention()
    assert not keras.config.is_flash_attention_enabled()
    keras.config.settings.flash_attention = held


def test_policies() -> None:
    policy = keras.DTypePolicy("mixed_float16")
    assert (policy.compute_dtype, policy.variable_dtype) == ("float16", "float32")
    config = keras.dtype_policies.serialize(policy)
    assert keras.dtype_policies.deserialize(config) == policy
    assert keras.dtype_policies.get(config) == policy
    assert keras.dtype_policies.get("bfloat16").variable_dtype == "bfloat16"
    assert keras.dtype_policies.get(None).name == keras.config.floatx()
    with pytest.raises(keras.errors.DTypeError):
        keras.DTypePolicy("mixed_float8")


def test_backend() -> None:
    assert keras.backend.epsilon() == keras.config.epsilon()
    assert keras.backend.result_type("int32", float) == keras.config.floatx()
    assert keras.backend.result_type("float16", int) == "float16"
    assert keras.backend.is_float_dtype("bfloat16")
    assert keras.backend.is_int_dtype("uint8")
    assert not keras.backend.is_int_dtype("bool")
