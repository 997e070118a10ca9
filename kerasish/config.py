"""Global settings: default dtype, epsilon, image layout, backend name, providers, threads."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from kerasish import registry
from kerasish.changes import tick
from kerasish.errors import ArgumentError, UnavailableError

FLOATS = ("float16", "bfloat16", "float32", "float64")


def _limit(variable: str) -> int | None:
    """What a variable of the environment says; None where it is not set."""
    return _count(variable, os.environ.get(variable) or None)


def _count(what: str, value: Any) -> int | None:
    """`value` as an int of 1 or more, or None.

    Raises:
        ArgumentError: anything else.
    """
    if value is None:
        return None
    if str(value).isdecimal() and int(value) > 0:
        return int(value)
    raise ArgumentError(what, expected="an integer of 1 or more, or None", received=repr(value))


@dataclass
class Settings:
    """One process's settings; change them through the functions below."""

    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    backend: str = field(default_factory=lambda: os.environ.get("KERASISH_BACKEND") or "numpy")
    disabled_providers: frozenset[str] = field(
        default_factory=lambda: frozenset(
            filter(None, os.environ.get("KERASISH_DISABLE", "").split(","))
        )
    )
    check_numerics: bool | str = False  # "full" looks inside fused steps too
    numerics_folder: str | None = None  # where a batch with NaN is written to
    tensor_float_32: bool = field(
        default_factory=lambda: os.environ.get("KERASISH_TF32", "") not in ("", "0")
    )
    run_eagerly: bool = False
    interactive: bool = True
    traceback_filtering: bool = True
    flash_attention: bool | None = None
    max_epochs: int | None = field(default_factory=lambda: _limit("KERASISH_MAX_EPOCHS"))
    max_steps_per_epoch: int | None = field(
        default_factory=lambda: _limit("KERASISH_MAX_STEPS_PER_EPOCH")
    )
    generation: int = 0  # grows with every change that makes built plans stale

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        tick()


settings = Settings()


def floatx() -> str:
    """The default float dtype."""
    return settings.floatx


def set_floatx(value: str) -> None:
    """Set the default float dtype.

    Args:
        value: "float16", "bfloat16", "float32" or "float64".
    """
    if value not in FLOATS:
        raise ArgumentError("floatx", expected=f"one of {FLOATS}", received=repr(value))
    settings.floatx = value


def epsilon() -> float:
    """The small number that keeps logarithms and divisions finite."""
    return settings.epsilon


def set_epsilon(value: float) -> None:
    """Set `epsilon`."""
    settings.epsilon = float(value)


def image_data_format() -> str:
    """The default image layout."""
    return settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default image layout, "channels_last" or "channels_first"."""
    settings.image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """`data_format`, or the default for None; raises on anything unknown."""
    if data_format is None:
        return settings.image_data_format
    known = str(data_format).lower()
    if known not in ("channels_last", "channels_first"):
        raise ArgumentError(
            "data_format",
            expected="'channels_last' or 'channels_first'",
            received=repr(data_format),
        )
    return known


def disable_provider(name: str) -> None:
    """Stop using one provider of kernels ("onednn", "llvm", ...) for plans built from now on.

    Raises:
        ArgumentError: no provider has the name.
    """
    settings.disabled_providers |= {registry.above("config.announced")(name)}
    settings.generation += 1


def enable_provider(name: str) -> None:
    """Undo `disable_provider`; errors as there."""
    settings.disabled_providers -= {registry.above("config.announced")(name)}
    settings.generation += 1


def enable_tensor_float_32(enabled: bool = True) -> None:
    """Whether products and convolutions of float32 on a GPU may round their inputs to TF32.

    TF32 has 10 bits of mantissa, a relative error of about 5e-4 per input, and runs several times
    as fast. Off by default: float32 means float32. `KERASISH_TF32=1` switches it on at the start.
    """
    settings.tensor_float_32 = bool(enabled)
    settings.generation += 1


def num_threads() -> int:
    """Threads a plan may use, by the environment or the processors that this process may use.

    `KERASISH_NUM_THREADS` comes first, then the first number of `OMP_NUM_THREADS`, by which numpy
    and oneDNN go too.
    """
    if asked := _limit("KERASISH_NUM_THREADS"):
        return asked
    outermost = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if outermost.isdecimal() and int(outermost):
        return int(outermost)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def enable_flash_attention() -> None:
    """Say that attention may be computed without its matrix of logits.

    The compiler chooses the kernel of attention; the setting is kept for older programs.
    """
    settings.flash_attention = True


def disable_flash_attention() -> None:
    """Take `enable_flash_attention` back."""
    settings.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """What was said last; None where nothing was said."""
    return settings.flash_attention


def max_epochs() -> int | None:
    """The most epochs that a call of `fit` trains; None: no limit."""
    return settings.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Let a call of `fit` train no more epochs than this, to try a program out.

    `KERASISH_MAX_EPOCHS` in the environment does so without a change of the program.

    Args:
        max_epochs: 1 or more; None: no limit.
    """
    settings.max_epochs = _count("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most batches of an epoch of `fit`, and of `evaluate` and `predict`; None: no limit."""
    return settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Let `fit`, `evaluate` and `predict` run no more batches an epoch than this.

    `KERASISH_MAX_STEPS_PER_EPOCH` in the environment does so without a change of the program.

    Args:
        max_steps_per_epoch: 1 or more; None: no limit.
    """
    settings.max_steps_per_epoch = _count("max_steps_per_epoch", max_steps_per_epoch)


def enable_traceback_filtering() -> None:
    """Leave this package's own lines out of the tracebacks of errors, as is done by default."""
    settings.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Let errors show every line that they came through."""
    settings.traceback_filtering = False


def is_traceback_filtering_enabled() -> bool:
    """Whether tracebacks leave this package's own lines out."""
    return settings.traceback_filtering


def is_nnx_enabled() -> bool:
    """Whether Flax's NNX holds the variables: never, which needs JAX."""
    return False


def set_check_numerics(mode: bool | str = True, save_to: str | None = None) -> None:
    """Whether plans look at every float that they compute, and raise where one is no number.

    Args:
        mode: True looks at what every step wrote; "full" finds the op inside a fused step too;
            False, the default, looks at nothing. Steps take several times as long.
        save_to: a folder for the batch that was run, `numerics_batch.npz`.

    The `NumericsError` has `op`, `layer`, `source`, `backward`, `rows` and `batch`.

    Raises:
        ArgumentError: another mode.
    """
    if mode not in (True, False, "full"):
        raise ArgumentError("check_numerics", expected="True, False or 'full'", received=repr(mode))
    settings.check_numerics = mode
    settings.numerics_folder = None if save_to is None else os.fspath(save_to)


def enable_unsafe_deserialization() -> None:
    """Not available: a file never runs code.

    Raises:
        UnavailableError: always.
    """
    raise UnavailableError(
        "enable_unsafe_deserialization",
        expected="files that say what a model is, and run no code",
        fix="Put what a Lambda did into a class or function, decorate that with "
        "`keras.saving.register_keras_serializable`, and save the model again.",
    )


def is_interactive_logging_enabled() -> bool:
    """Whether `fit` draws progress bars."""
    return settings.interactive


def enable_interactive_logging() -> None:
    """Let `fit` draw progress bars."""
    settings.interactive = True


def disable_interactive_logging() -> None:
    """Let `fit` print plain lines."""
    settings.interactive = False


# What follows is done on higher floors, which the registry leads to.


def backend() -> str:
    """The name of the backend in use."""
    return registry.above("config.backend")()


def set_backend(backend: str) -> None:
    """Use another backend for everything made from now on.

    Args:
        backend: "numpy", "cupy", or "auto" for cupy where a GPU answers.

    Raises:
        BackendError: the backend cannot run here; the setting is unchanged then.
    """
    registry.above("config.set_backend")(backend)


def dtype_policy() -> Any:
    """The default dtype policy of layers."""
    return registry.above("config.dtype_policy")()


def set_dtype_policy(policy: Any) -> None:
    """Set the default dtype policy of layers, such as "mixed_float16"."""
    registry.above("config.set_dtype_policy")(policy)
