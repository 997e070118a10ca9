"""Objects as plain data and back, in the form of Keras's own files, through the registry only.

    {"module": "keras.layers", "class_name": "Dense", "config": {...}, "registered_name": None}

A name is looked up among the custom objects in scope, then in the registry; nothing here imports
a module, and a file can name nothing that was not registered before it was read.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from kerasish import budget, registry
from kerasish.errors import ArgumentError, FileFormatError, UnknownNameError, UnsafeFileError
from kerasish.hints import instance, one_of
from kerasish.naming import snake_case
from kerasish.registry import hint
from kerasish.spec import DTYPES, np_dtype

T = TypeVar("T")

# The public namespace that Keras writes for every kind.
MODULES = {
    "layer": "keras.layers",
    "activation": "keras.activations",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "loss": "keras.losses",
    "metric": "keras.metrics",
    "optimizer": "keras.optimizers",
    "schedule": "keras.optimizers.schedules",
    "callback": "keras.callbacks",
    "function": "keras.ops",
    "generator": "keras.random",
    "model": "keras",
    "policy": "keras",
}
_PACKAGE = __name__.split(".")[0]
_SLICE = ("start", "stop", "step")
_PLAIN = (str, int, float, bool, type(None))
_NOTHING: Mapping[Any, Any] = MappingProxyType({})
_scope: ContextVar[Mapping[str, Any]] = ContextVar("custom_objects", default=_NOTHING)


# --- registering --------------------------------------------------------------------------------


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Decorator: let files name this class or function, as "package>name".

    Args:
        package: whose name it is.
        name: by default the object's own `__name__`.

    Raises:
        ArgumentError: a class without `get_config`.
    """

    def decorate(obj: T) -> T:
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ArgumentError(
                "register_keras_serializable",
                expected="a class with get_config()",
                received=repr(obj),
            )
        label = f"{package}>{name or getattr(obj, '__name__', '')}"
        return registry.add("custom", obj, label, replace=True)

    return decorate


def register(
    kind: str, *names: str, package: str | None = None, replace: bool = False
) -> Callable[[T], T]:
    """Decorator: let declarative files and configs name this class or function.

    Args:
        kind: what it is: "layer", "activation", "initializer", "loss", "metric", "optimizer", ...
        names: its names; by default the object's own and its lower-case form.
        package: whose it is, for files of weights and configs; by default what
            `register_keras_serializable` has said of it, else "Custom".
        replace: whether it takes a name that another object has.

    Raises:
        ArgumentError: an unknown kind, something that is not of it, or a name that is taken.

    Example:
        >>> import kerasish as keras
        >>> @keras.register("activation")
        ... def cubed(x):
        ...     return x * x * x
        >>> keras.layers.Dense(2, activation="cubed").activation is cubed
        True
    """
    one_of("register, kind", kind, (*MODULES, "dataset"))

    def decorate(obj: T) -> T:
        registry.check_kind(kind, obj, MODULES.get(kind, ""))
        own = str(getattr(obj, "__name__", names[0] if names else ""))
        registry.add(kind, obj, *(names or dict.fromkeys((own, snake_case(own)))), replace=replace)
        if package is None and registry.labels("custom", obj):
            return obj
        return registry.add("custom", obj, f"{package or 'Custom'}>{own}", replace=True)

    return decorate


def get_registered_name(obj: Any) -> str:
    """The "package>name" of a registered object, the last it was given, else its `__name__`."""
    return (registry.labels("custom", obj) or [str(getattr(obj, "__name__", obj))])[-1]


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Any = None
) -> Any:
    """The object known as `name`, or None."""
    for table in (custom_objects or {}, _scope.get(), module_objects or {}):
        if name in table:
            return table[name]
    return registry.lookup("custom", name) if registry.contains("custom", name) else None


def get_custom_objects() -> dict[str, Any]:
    """All objects that files may name beside the built-in ones."""
    known = {n: registry.lookup("custom", n) for n in registry.names("custom")}
    return {**known, **_scope.get()}


def custom_object_scope(custom_objects: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Context manager: inside, these names mean these objects."""
    return budget.holding(_scope, {**_scope.get(), **custom_objects})


# --- objects that stand in several places -------------------------------------------------------

_numbered: ContextVar[Mapping[int, int]] = ContextVar("numbered", default=_NOTHING)
_revived: ContextVar[dict[Any, Any] | None] = ContextVar("revived", default=None)


def sharing(objects: Iterable[Any]) -> AbstractContextManager[None]:
    """Context manager: what is written inside says that these objects are each one object.

    An object that several others hold is written once in each of them, with a number by which
    reading finds out that it is the same.
    """
    return budget.holding(_numbered, {id(obj): number for number, obj in enumerate(objects, 1)})


def kind_of(obj: Any) -> str | None:
    """The registry kind under which a built-in class or function is entered by its name."""
    name = str(getattr(obj, "__name__", ""))
    if str(getattr(obj, "__module__", "")).split(".")[0] != _PACKAGE:
        return None
    for kind in MODULES:
        for form in (name, snake_case(name)):
            if registry.contains(kind, form) and registry.lookup(kind, form) is obj:
                return kind
    return None


def serialize_keras_object(obj: Any) -> Any:
    """`obj` as plain data that JSON can hold and `deserialize_keras_object` reads back.

    Raises:
        ArgumentError: an object without `get_config`, or a lambda.
    """
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        kind = tuple if isinstance(obj, tuple) else list
        return kind(serialize_keras_object(item) for item in obj)
    if isinstance(obj, dict):
        return {str(key): serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and obj.ndim == 0):
        return obj.item()
    special = _serialize_special(obj)
    if special is not None:
        return special
    if inspect.isroutine(obj) or inspect.isclass(obj) or not hasattr(obj, "get_config"):
        return _serialize_function(obj)
    return _serialize_instance(obj)


def _serialize_special(obj: Any) -> dict[str, Any] | None:
    if isinstance(obj, np.ndarray):
        value = {"value": obj.tolist(), "dtype": obj.dtype.name}
        return {"class_name": "__numpy__", "config": value}
    if isinstance(obj, slice):
        value = {part: getattr(obj, part) for part in _SLICE}
        return {"class_name": "__slice__", "config": serialize_keras_object(value)}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, np.dtype):
        return {"class_name": "__dtype__", "config": {"value": obj.name}}
    if hasattr(obj, "numpy") and hasattr(obj, "dtype"):
        value = {"value": np.asarray(obj.numpy()).tolist(), "dtype": obj.dtype}
        return {"class_name": "__tensor__", "config": value}
    return None


def _serialize_function(obj: Any) -> dict[str, Any]:
    name = str(getattr(obj, "__name__", ""))
    if not name or name == "<lambda>":
        raise ArgumentError(
            "",
            expected="an object with get_config(), or a named function",
            received=repr(obj),
            fix="Give it a name and register it with register_keras_serializable().",
        )
    kind = kind_of(obj)
    label = name if kind else get_registered_name(obj)
    return {
        "module": MODULES[kind] if kind else getattr(obj, "__module__", None),
        "class_name": "function",
        "config": label,
        "registered_name": label,
    }


def _serialize_instance(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    kind = kind_of(cls)
    written: dict[str, Any] = {
        "module": getattr(cls, "keras_module", None) or (MODULES[kind] if kind else cls.__module__),
        "class_name": cls.__name__,
        "config": serialize_keras_object(obj.get_config()),
        "registered_name": getattr(cls, "keras_registered_name", None)
        if kind
        else get_registered_name(cls),
    }
    for key in ("build_config", "compile_config"):
        found = getattr(obj, f"get_{key}")() if hasattr(obj, f"get_{key}") else None
        if found is not None:
            written[key] = serialize_keras_object(found)
    if id(obj) in _numbered.get():
        written["shared_object_id"] = _numbered.get()[id(obj)]
    return written


# --- back to objects ----------------------------------------------------------------------------


def deserialize_keras_object(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    kind: str | None = None,
) -> Any:
    """The object that `serialize_keras_object` described.

    Args:
        config: plain data.
        custom_objects: further names that the data may use.
        safe_mode: accepted for compatibility; loading never runs code from a file.
        kind: what a bare name stands for; by default the namespace in the data says.

    Raises:
        UnknownNameError: a name that is not registered.
        UnsafeFileError: the data hold code (a serialized lambda).
        FileFormatError: no such form of data.
    """
    met = _revived.get()
    found = (_kind_of_module(config) if isinstance(config, Mapping) else None) or kind
    most = None if found in ("layer", "model", None) else budget.FREE_VARIABLES  # with its weights
    with (
        budget.holding(_revived, {} if met is None else met),
        custom_object_scope(custom_objects or {}),
        budget.described(config, most),
    ):
        return _revive(config, kind)


def _revive(config: Any, kind: str | None) -> Any:
    if isinstance(config, (list, tuple)):
        return type(config)(_revive(item, kind) for item in config)
    if not isinstance(config, Mapping):
        return config
    name = config.get("class_name")
    if "config" not in config or not isinstance(name, str):
        return {key: _revive(value, kind) for key, value in config.items()}
    if name.startswith("__") and name.endswith("__"):
        return _revive_special(name, config["config"])
    if name == "function":
        found = find(str(config["config"]), _kind_of_module(config) or kind)
        return _as_labelled(config, found, str(config["config"]))
    return _revive_instance(config, name, kind)


def _revive_special(name: str, value: Any) -> Any:
    if name in ("__numpy__", "__tensor__"):
        dtype = value.get("dtype") if isinstance(value, Mapping) else None
        if not isinstance(dtype, str) or dtype not in DTYPES or "value" not in value:
            raise UnsafeFileError(  # the dtype decides how much is allocated
                "An array",
                expected=f"its value, and a dtype of {', '.join(DTYPES)}",
                received=f"dtype {str(dtype)[:80]!r}",
            )
        try:
            return np.array(value["value"], dtype=np_dtype(dtype))
        except (ValueError, TypeError, OverflowError) as error:
            raise FileFormatError(
                f"An array of {dtype}", expected="numbers in equal rows", received=error
            ) from error
    if name == "__slice__":
        return slice(*(_revive(value[part], None) for part in _SLICE))
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__bytes__":
        return str(value["value"]).encode("utf-8")
    if name == "__dtype__":
        return str(value["value"])
    if name == "__lambda__":
        raise UnsafeFileError(
            "The file holds a serialized lambda, which is code",
            expected="data",
            fix="Write the function in your program, register it with "
            "register_keras_serializable(), and save the model again.",
        )
    raise FileFormatError("", expected="a known form of data", received=f"class_name {name!r}")


def _kind_of_module(config: Mapping[str, Any]) -> str | None:
    """The kind that the namespace in a config stands for; Keras's backends have some of theirs."""
    module = re.sub(r"^(keras\.src\.)backend\.\w+\.", r"\1", str(config.get("module") or ""))
    if module == "keras" or module.startswith(("keras.src.models", "keras.models")):
        return "policy" if str(config.get("class_name", "")).endswith("Policy") else "model"
    for kind, public in MODULES.items():
        if module == public or module.startswith(public.replace("keras.", "keras.src.", 1) + "."):
            return kind
    return None


def _revive_instance(config: Mapping[str, Any], name: str, kind: str | None) -> Any:
    number = config.get("shared_object_id")
    met = _revived.get() if isinstance(number, int) else None
    if met is None:
        return _new_instance(config, name, kind)
    key = (name, number)
    if key not in met:
        met[key] = _new_instance(config, name, kind)
    return met[key]


def _new_instance(config: Mapping[str, Any], name: str, kind: str | None) -> Any:
    label = config.get("registered_name")
    wanted = label if isinstance(label, str) and ">" in label else name
    found = _as_labelled(config, find(wanted, _kind_of_module(config) or kind), name)
    from_config = getattr(found, "from_config", None)
    if not inspect.isclass(found) or from_config is None:
        raise UnknownNameError("", expected="the name of a class", received=f"{name!r}, a function")
    inner = config["config"]
    made = from_config(dict(inner) if isinstance(inner, Mapping) else inner)
    build = config.get("build_config")
    if build and hasattr(made, "build_from_config"):
        made.build_from_config(build)
    compiled = config.get("compile_config")
    if compiled and hasattr(made, "compile_from_config"):
        made.compile_from_config(compiled)
    return made


def _as_labelled(config: Mapping[str, Any], found: Any, name: str) -> Any:
    """`found`, unless it is built in and the data call it what only an object of a user's is."""
    label, own = config.get("registered_name"), getattr(found, "keras_registered_name", None)
    if label and kind_of(found) and label not in (name, config["class_name"], own):
        raise FileFormatError(
            "registered_name",
            expected=f"none, since {name!r} is built in",
            received=repr(label),
        )
    return found


def find(name: str, kind: str | None) -> Any:
    """The class or function called `name`, custom objects first, then the built-ins of `kind`.

    Raises:
        UnknownNameError: there is none.
    """
    custom = get_registered_object(name)
    if custom is not None:
        return custom
    if ">" in name:
        raise UnknownNameError(
            "Unknown object",
            expected="a registered name",
            received=repr(name),
            fix="Decorate its class with "
            f"register_keras_serializable(package={name.split('>')[0]!r}) and import it before "
            "loading, or pass it in custom_objects.",
        )
    kinds = [kind] if kind else list(MODULES)
    if kind == "layer":
        kinds.append("model")  # a model stands wherever a layer does
    for one in kinds:
        for form in (name, snake_case(name)):
            if registry.contains(one, form):
                return registry.lookup(one, form)
    if kind:
        return registry.lookup(kind, name)  # raises, naming the nearest
    # Keras up to 3.6 wrote functions without their package.
    labelled = [n for n in registry.names("custom") if n.endswith(f">{name}")]
    if len(labelled) == 1:
        return registry.lookup("custom", labelled[0])
    near = hint(name, [n for k in kinds for n in registry.names(k)], 3)
    raise UnknownNameError(
        "Unknown object",
        expected="a registered name",
        received=repr(name),
        fix=f"{near} A class of your own is passed in custom_objects, or registered with "
        "register_keras_serializable().",
    )


def resolve(kind: str, identifier: Any) -> Any:
    """What `identifier` stands for: None, a name, a config, a class (instantiated), an object.

    Raises:
        UnknownNameError: no such name.
        ArgumentError: nothing that could stand for an object of this kind.
    """
    found = identifier
    if isinstance(identifier, str):
        found = find(identifier, kind)
    elif isinstance(identifier, Mapping):
        found = deserialize_keras_object(identifier, kind=kind)
    if inspect.isclass(found):
        named = isinstance(identifier, str)
        with budget.typed(f"{kind} {identifier!r} without arguments") if named else nullcontext():
            found = found() if named else instance(kind, found)
    if not (found is None or callable(found) or getattr(found, "registry_kind", "") == kind):
        raise ArgumentError(
            kind,
            expected="None, a name, a config, a class, a function or an instance",
            received=repr(identifier),
        )
    return found
