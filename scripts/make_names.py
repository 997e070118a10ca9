"""Write kerasish/_names.py, the index of public and built-in names, and the stubs of namespaces.

    python scripts/make_names.py

A class is listed because it stands in a module of its kind's folder, under a name without an
underscore, and is no mere base of a family. What else a namespace offers is below.
"""

from __future__ import annotations

import builtins
import importlib
import inspect
import pkgutil
import re
import sys
import types
import typing
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, NamedTuple

from kerasish import registry
from kerasish.arguments import rules
from kerasish.layers import Layer
from kerasish.naming import snake_case
from kerasish.signatures import constructor

ROOT = Path(__file__).resolve().parents[1]
NOTE = "Written by scripts/make_names.py."
# A module, and the names it has; "name:own" where it calls it otherwise, "name:*" for itself.
Homes = dict[str, str]
Table = dict[str, tuple[str, str]]  # a name, its module and its name there


class Kind(NamedTuple):
    """How the names of a kind are found in its folder."""

    kind: str
    base: str = ""  # "module:class"; classes below it are of the kind
    form: Any = None  # makes the second name of a class
    both: bool = False  # whether the second name is public as well
    functions: str = ""  # modules of the folder whose public functions are of the kind
    abstract: str = ""  # classes that are bases only
    aliases: str = ""  # how further names that are public begin


# Bases that a family of layers shares.
FAMILIES = """
    AdaptiveAverage AdaptiveMax AdaptivePooling AveragePooling BaseConv BaseConvTranspose
    BaseDepthwiseConv BaseSeparableConv Bins Bordered Cell Choosing ConvLSTM ConvLSTMCell
    Cropping Cutting Geometric GlobalAverage GlobalMax GlobalPooling Hued ImageLayer Lookup
    MaxPooling Merge Mixing Noise OverCell Pooling Projected RandomLayer Recurrent Scaled Scored
    Sized Spatial SpatialDropout UpSampling Warp Windowed ZeroPadding
"""

KINDS = {
    "activations": Kind("activation", functions="functions", aliases="Aa"),
    "callbacks": Kind("callback", "callback:Callback", abstract="Answering Monitor"),
    "constraints": Kind("constraint", "projections:Constraint", snake_case, both=True),
    "initializers": Kind(
        "initializer",
        "initializer:Initializer",
        snake_case,
        both=True,
        abstract="RandomInitializer",
        aliases="A",
    ),
    "layers": Kind("layer", "base.layer:Layer", snake_case, abstract=FAMILIES),
    "datasets": Kind("dataset"),
    "losses": Kind("loss", "base:Loss", functions="margin probabilistic regression structured"),
    "metrics": Kind("metric", "metric:Metric", snake_case),
    "optimizers": Kind("optimizer", "optimizer:Optimizer", str.lower),
    "optimizers.schedules": Kind("schedule", ":LearningRateSchedule"),
    "regularizers": Kind("regularizer", "penalties:Regularizer", snake_case, aliases="a"),
}

# Names that the rules do not find; a module under "" is offered itself.
ACTIVATIONS = {
    "kerasish.ops.nn.activation": "celu elu glu hard_shrink hard_sigmoid hard_silu "
    "hard_swish:hard_silu hard_tanh leaky_relu log_sigmoid log_softmax mish relu6 selu soft_shrink "
    "softmax softsign sparse_plus sparse_sigmoid sparsemax squareplus tanh_shrink threshold"
}
LAYERS = {
    "kerasish.layers.convolution": "Convolution1D:Conv1D Convolution2D:Conv2D Convolution3D:Conv3D "
    "Convolution1DTranspose:Conv1DTranspose Convolution2DTranspose:Conv2DTranspose "
    "Convolution3DTranspose:Conv3DTranspose SeparableConvolution1D:SeparableConv1D "
    "SeparableConvolution2D:SeparableConv2D",
    "kerasish.layers.multi_head_attention": "GroupedQueryAttention:GroupQueryAttention",
    "kerasish.layers.pooling": " ".join(
        f"{scope}{short}Pool{rank}D:{scope}{long}Pooling{rank}D"
        for scope in ("", "Global")
        for short, long in (("Avg", "Average"), ("Max", "Max"))
        for rank in (1, 2, 3)
    ),
}
ALIASES = {
    "kerasish.ops.nn.activation": "hard_swish:hard_silu swish",
}
SERIALIZATION = (
    "CustomObjectScope:custom_object_scope custom_object_scope deserialize_keras_object "
    "get_custom_objects get_registered_name get_registered_object register_keras_serializable "
    "serialize_keras_object"
)
FOLDERS = "image_dataset_from_directory text_dataset_from_directory"
IMAGES = "array_to_img img_to_array load_img save_img"
LEGACY = {"kerasish.saving.legacy_objects": "deserialize_keras_object serialize_keras_object"}
OFFERED: dict[str, Homes] = {
    "kerasish.activations": ACTIVATIONS,
    "kerasish.ops": {
        "": "image linalg nn numpy random",
        "kerasish.graph.tensor": "is_tensor",
        "kerasish.ops.core.custom": "custom_gradient",
        "kerasish.ops.core.tensors": "convert_to_numpy dtype",
        "kerasish.ops.numpy.axes": "shape",
        "kerasish.ops.numpy.rest": "vectorize",
        **ALIASES,
    },
    "kerasish.ops.image": {"kerasish.ops.image.filters": "extract_patches_3d"},
    "kerasish.ops.linalg": {},
    "kerasish.ops.nn": ALIASES,
    "kerasish.ops.numpy": {
        "kerasish.ops.linalg.functions": "slogdet",
        "kerasish.ops.numpy.axes": "shape",
        "kerasish.ops.numpy.rest": "vectorize",
    },
    "kerasish": {
        "": "activations backend callbacks cli compiler config constraints data datasets "
        "declarative dtype_policies errors export graph initializers inspect layers legacy losses "
        "metrics mixed_precision models ops optimizers preprocessing random registry regularizers "
        "saving serialization spec testing training tree utils visualization wrappers",
        "kerasish.models.model": "Model Functional",
        "kerasish.models.sequential": "Sequential",
        "kerasish.layers.base.input_spec": "InputSpec",
        "kerasish.layers.base.layer": "Layer",
        "kerasish.layers.input_layer": "Input",
        "kerasish.ops.operation": "Operation",
        "kerasish.layers.base.policy": "DTypePolicy FloatDTypePolicy:DTypePolicy",
        "kerasish.layers.base.remat": "RematScope",
        "kerasish.graph": "GradientTape Graph Node Op Tensor Variable convert_to_tensor eagerly "
        "format_graph grad hessian hvp is_tensor jacfwd jacobian jvp overridden_gradient "
        "register_gradient stop_gradient trace value_and_grad vjp",
        "kerasish.backend.placing": "device",
        "kerasish.graph.node": "name_scope scope",
        "kerasish.graph.op": "no_gradient",
        "kerasish.ops.control.remat": "remat",
        "kerasish.ops.stateless": "StatelessScope",
        "kerasish.ops.symbol": "KerasTensor",
        "kerasish.ops.symbolic": "SymbolicScope",
        "kerasish.compiler.functions": "function",
        "kerasish.models.symbolic_function": "Function",
        "kerasish.initializers.initializer": "Initializer",
        "kerasish.regularizers.penalties": "Regularizer",
        "kerasish.constraints.projections": "Constraint",
        "kerasish.losses.base": "Loss",
        "kerasish.metrics.metric": "Metric",
        "kerasish.optimizers.optimizer": "Optimizer",
        "kerasish.serialization": "register register_keras_serializable",
    },
    "kerasish.callbacks": {
        "kerasish.elsewhere": "OrbaxCheckpoint",
        "kerasish.callbacks.callback_list": "CallbackList",
    },
    "kerasish.dtype_policies": {
        "kerasish.layers.base.policy": "DTypePolicy FloatDTypePolicy:DTypePolicy get:as_policy"
    },
    "kerasish.mixed_precision": {
        "kerasish.layers.base.policy": "DTypePolicy Policy:DTypePolicy dtype_policy "
        "global_policy:dtype_policy set_dtype_policy set_global_policy:set_dtype_policy",
        "kerasish.optimizers": "LossScaleOptimizer",
    },
    "kerasish.export": {"kerasish.elsewhere": "ExportArchive"},
    "kerasish.legacy": {"": "saving"},
    "kerasish.legacy.saving": LEGACY,
    "kerasish.models": {
        "kerasish.models.clone": "clone_model",
        "kerasish.models.model": "Functional Model",
        "kerasish.models.sequential": "Sequential",
        "kerasish.saving.whole_model": "load_model model_from_json save_model",
    },
    "kerasish.saving": {
        "kerasish.budget": "allowance",
        "kerasish.saving.file_editor": "KerasFileEditor",
        "kerasish.saving.weights": "load_weights save_weights",
        "kerasish.saving.whole_model": "load_model load_state model_from_json restore save_model",
        "kerasish.serialization": SERIALIZATION,
    },
    "kerasish.layers": {
        **LAYERS,
        "kerasish.elsewhere": "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
        "kerasish.layers.base.input_spec": "InputSpec",
        "kerasish.layers.base.layer": "Layer",
        "kerasish.layers.input_layer": "Input",
        "kerasish.ops.operation": "Operation",
        "kerasish.layers.merging": "add average concatenate dot maximum minimum multiply subtract",
    },
    "kerasish.metrics": {
        "kerasish.metrics.accuracy": "binary_accuracy categorical_accuracy "
        "sparse_categorical_accuracy sparse_top_k_categorical_accuracy top_k_categorical_accuracy",
        "kerasish.metrics.correlation": "concordance_correlation pearson_correlation",
        "kerasish.losses": "binary_crossentropy binary_focal_crossentropy "
        "categorical_crossentropy categorical_focal_crossentropy categorical_hinge hinge huber "
        "kl_divergence log_cosh mean_absolute_error mean_absolute_percentage_error "
        "mean_squared_error mean_squared_logarithmic_error poisson "
        "sparse_categorical_crossentropy squared_hinge",
    },
    "kerasish.optimizers": {
        "": "legacy schedules",
        "kerasish.optimizers.multi": "OptimizerMap",
    },
    "kerasish.optimizers.legacy": {
        "kerasish.elsewhere": " ".join(
            f"{name}:LegacyOptimizer" for name in "Adagrad Adam Ftrl Optimizer RMSprop SGD".split()
        ),
    },
    "kerasish.backend": {
        "kerasish.backend.base": "Backend backend get set_backend",
        "kerasish.backend.settings": "clear_session epsilon floatx get_uid image_data_format "
        "is_float_dtype is_int_dtype result_type set_epsilon set_floatx set_image_data_format "
        "standardize_dtype",
    },
    "kerasish.data": {
        "kerasish.data.adapters": "as_source",
        "kerasish.data.arrays": "ArrayPass ArraySource",
        "kerasish.data.audio": "read_sound",
        "kerasish.data.batch": "Batch pack_x_y_sample_weight unpack_x_y_sample_weight",
        "kerasish.data.blocks": "BlockSource",
        "kerasish.data.dataset": "Dataset",
        "kerasish.data.dataset_source": "DatasetSource",
        "kerasish.data.nodes": "AUTOTUNE INFINITE_CARDINALITY:INFINITE UNKNOWN_CARDINALITY:UNKNOWN",
        "kerasish.data.numeric": "normalize to_categorical",
        "kerasish.data.prefetch": "Prefetcher",
        "kerasish.data.py_dataset": "PyDataset PyDatasetSource",
        "kerasish.data.sequence": "pad_sequences timeseries_dataset_from_array",
        "kerasish.data.source": "DataSource",
        "kerasish.data.splits": "train_validation_split",
        "kerasish.data.steps": "StepsSource",
        "kerasish.data.streams": "StreamSource",
        "kerasish.spec": "TensorSpec",
    },
    "kerasish.preprocessing": {
        "": "image sequence",
        "kerasish.data.image_folders": FOLDERS,
        "kerasish.data.sequence": "timeseries_dataset_from_array",
    },
    "kerasish.preprocessing.image": {"kerasish.data.images": f"{IMAGES} smart_resize"},
    "kerasish.preprocessing.sequence": {"kerasish.data.sequence": "pad_sequences"},
    "kerasish.random": {
        "kerasish.random.draws": "beta binomial categorical dropout gamma normal randint shuffle "
        "truncated_normal uniform",
        "kerasish.random.seed_generator": "SeedGenerator draw_key global_seed_generator "
        "set_random_seed",
    },
    "kerasish.testing": {
        "kerasish.graph.verify": "verify",
        "kerasish.testing.arrays": "check_arrays",
        "kerasish.testing.batched": "check_batched",
        "kerasish.testing.compiled": "check_compiled",
        "kerasish.testing.everything": "check",
        "kerasish.testing.gradients": "check_grads numeric_grad",
        "kerasish.testing.lowered": "check_lowered",
        "kerasish.testing.operators": "check_op",
        "kerasish.testing.passes": "check_pass",
        "kerasish.testing.samples": "sample_inputs",
    },
    "kerasish.wrappers": {
        "kerasish.wrappers.estimators": "SKLearnClassifier SKLearnRegressor SKLearnTransformer",
    },
    "kerasish.utils.legacy": LEGACY,
    "kerasish.visualization": {
        "kerasish.visualization.boxes": "draw_bounding_boxes",
        "kerasish.visualization.galleries": "plot_bounding_box_gallery plot_image_gallery "
        "plot_segmentation_mask_gallery",
        "kerasish.visualization.masks": "draw_segmentation_masks",
    },
    "kerasish.utils": {
        "kerasish.ops.image.boxes": "bounding_boxes:*",
        "": "legacy",
        "kerasish.utils.config": "Config",
        "kerasish.backend": "clear_session",
        "kerasish.config": "disable_interactive_logging enable_interactive_logging "
        "is_interactive_logging_enabled",
        "kerasish.data": "PyDataset Sequence:PyDataset normalize pack_x_y_sample_weight "
        "pad_sequences timeseries_dataset_from_array to_categorical unpack_x_y_sample_weight",
        "kerasish.data.audio": "audio_dataset_from_directory",
        "kerasish.data.fetch": "get_file",
        "kerasish.data.image_folders": FOLDERS,
        "kerasish.data.images": IMAGES,
        "kerasish.data.halves": "split_dataset",
        "kerasish.inspect.pictures": "model_to_dot plot_model",
        "kerasish.models.feature_space": "FeatureSpace",
        "kerasish.random": "set_random_seed",
        "kerasish.serialization": SERIALIZATION,
        "kerasish.showing.progress": "Progbar",
        "kerasish.spec": "standardize_dtype:dtype_name",
    },
}

# The rooms of ops whose public functions a namespace offers, and those that only layers call.
ROOMS = {
    "kerasish.ops": "basic numpy core linalg control nn",
    "kerasish.ops.image": "image",
    "kerasish.ops.linalg": "linalg",
    "kerasish.ops.nn": "nn",
    "kerasish.ops.numpy": "basic numpy",
}
INNER = "group_normalization gru lstm mish".split()

# Names of kinds that stand in other folders. Ops are entered by whole modules (names.py).
ENTERED: dict[str, Homes] = {
    "activation": ACTIVATIONS,
    "layer": LAYERS,
    "model": {
        "kerasish.models.model": "Model Functional",
        "kerasish.models.sequential": "Sequential",
        "kerasish.models.feature_space": "FeatureSpace",
    },
    "generator": {"kerasish.random.seed_generator": "SeedGenerator"},
    "policy": {"kerasish.layers.base.policy": "DTypePolicy FloatDTypePolicy:DTypePolicy"},
}


def table(homes: Homes) -> Table:
    """Every name with its module and its own name there."""
    parts = [
        (home, *name.partition(":")) for home, names in homes.items() for name in names.split()
    ]
    return {name: (home, own or name) for home, name, _, own in parts}


def modules(package: str) -> list[ModuleType]:
    top = importlib.import_module(package)
    below = pkgutil.walk_packages(getattr(top, "__path__", ()), package + ".")
    return [top, *(importlib.import_module(found.name) for found in below)]


def of_kind(package: str, rule: Kind) -> tuple[Table, Table]:
    """The public names and the names in the registry of a kind's folder."""
    public: Table = {}
    entered: Table = {}
    base: Any = None
    if rule.base:
        home, _, name = rule.base.rpartition(":")
        base = getattr(importlib.import_module(f"{package}.{home}".rstrip(".")), name)
    for module in modules(package):
        short = module.__name__.removeprefix(package + ".")
        for name, found in vars(module).items():
            if name[0] == "_" or getattr(found, "__module__", "") != module.__name__:
                continue
            at = (module.__name__, name)
            if base and inspect.isclass(found) and issubclass(found, base):
                if name in rule.abstract.split():
                    continue
                public[name] = at
                if found is not base:
                    entered[name] = at
                    if rule.form:
                        entered[rule.form(name)] = at
                    if rule.both:
                        public[rule.form(name)] = at
            elif short in rule.functions.split() and callable(found):
                public[name] = entered[name] = at
    for name in registry.names(rule.kind):
        found = registry.lookup(rule.kind, name)
        if found.__module__.startswith(package + "."):
            entered[name] = (found.__module__, found.__name__)
            if ("A" if name[0].isupper() else "a") in rule.aliases:
                public[name] = entered[name]
    return public, entered


def of_rooms(rooms: str) -> Table:
    """The functions that rooms of ops declare public."""
    importlib.import_module("kerasish.ops")
    places = tuple(f"kerasish.ops.{room}." for room in rooms.split())
    found = {name: registry.lookup("function", name) for name in registry.names("function")}
    return {
        name: (function.__module__, name)
        for name, function in found.items()
        if function.__module__.startswith(places) and name not in INNER
    }


def index() -> tuple[dict[str, Table], dict[str, Table]]:
    """The public names of every namespace, and the names of every kind."""
    public = {package: table(homes) for package, homes in OFFERED.items()}
    kinds = {kind: table(homes) for kind, homes in ENTERED.items()}
    for package in [*ROOMS, *(name for name in public if name not in ROOMS)]:
        public[package].update(of_rooms(ROOMS[package]) if package in ROOMS else {})
        space = importlib.import_module(package)
        for name, (home, own) in public[package].items():
            if home:  # what is loaded next may use names that the index does not have yet
                setattr(space, name, held(home, own))
    for folder, rule in KINDS.items():
        package = f"kerasish.{folder}"
        found, entered = of_kind(package, rule)
        kinds[rule.kind] = {**kinds.get(rule.kind, {}), **entered}
        if "." not in folder and found:
            public.setdefault(package, {}).update(found)
    for names in public.values():  # a namespace may offer what another one does
        for name, (home, own) in names.items():
            names[name] = public.get(home, {}).get(own, (home, own)) if home else (home, own)
    return public, kinds


def held(home: str, own: str) -> Any:
    """What a module calls so, or the module itself."""
    module = importlib.import_module(home)
    return module if own == "*" else getattr(module, own)


def homes(names: Table) -> Homes:
    found: dict[str, list[str]] = {}
    for name, (home, own) in sorted(names.items(), key=lambda item: (item[1][0], item[0])):
        found.setdefault(home, []).append(name if name == own else f"{name}:{own}")
    return {home: " ".join(listed) for home, listed in found.items()}


def written(tables: dict[str, Table]) -> str:
    lines = ["{"]
    for key, names in sorted(tables.items()):
        lines.append(f'    "{key}": {{')
        lines += [f'        "{home}": "{listed}",' for home, listed in homes(names).items()]
        lines.append("    },")
    return "\n".join([*lines, "}"])


def taken(function: Any, types: bool) -> str:
    """The parameters of a function as a stub has them."""
    found = inspect.signature(function).parameters.values()
    said = {p.name: p.annotation if types and p.name != "self" else "Any" for p in found}
    texts = [p.name if p.name == "self" else f"{p.name}: {said[p.name]}" for p in found]
    return ", ".join(
        text + ("" if p.default is p.empty else " = ...")
        for text, p in zip(texts, found, strict=True)
    )


def declared(name: str, cls: Any) -> tuple[list[str], list[str]]:
    """The names that the constructor of a class that annotates its arguments needs, as imports,
    and the class with that constructor, all that it takes by name among it."""
    init = list(inspect.signature(cls.__init__).parameters)
    taken = constructor(cls).parameters
    others = [one for one in taken if one not in init] if init[-1] == "options" else []
    shown = {one: taken[one] for one in (*init[1:], *others) if one in taken}
    text = ["self"]
    for one, parameter in shown.items():
        if others and one == others[0]:
            text.append("*")
        default = "" if parameter.default is parameter.empty else " = ..."
        text.append(f"{one}: {parameter.annotation}{default}")
    words = {
        word for p in shown.values() for word in re.findall(r"(?<!\.)\b\w+", str(p.annotation))
    }
    imports = []
    for word in sorted(words - {*vars(builtins), "Any"}):
        places = (base.__module__ for base in cls.__mro__)
        home = next(place for place in places if hasattr(sys.modules[place], word))
        imports.append(f"from {home} import {word}")
    head = f"class {name}(_{name}):"
    return imports, [head, f"    def __init__({', '.join(text)}) -> None: ..."]


def annotated(cls: type) -> list[str]:
    """The fields of a class in the order in which type checkers read them."""
    found: dict[str, None] = {}
    for base in reversed(cls.__mro__):
        for name, text in vars(base).get("__annotations__", {}).items():
            if "ClassVar" in str(text):
                found.pop(name, None)
            elif name in vars(base).get("fields", {}):
                found[name] = None
    return list(found)


def shown(field: Any) -> str:
    """A field as a class annotates it."""
    default = "" if field.required else f" = {field.default!r}"
    return f"    {field.name}: {typed(field.hint)}{default}"


def corrected(cls: Any) -> str:
    """The body of a stub: a docstring that no literal is, what `placed` makes a keyword, and what
    `Layer` declares of a field."""
    block = re.findall(r"(_\w): .* = keyword\(alias=\"(\w+)\"", inspect.getsource(Layer))
    lines = [f'    """{cls.__doc__}"""'] if "__doc__ = f" in inspect.getsource(cls) else []
    lines += [f"    {held}: ClassVar[Any]" for held, alias in block if alias in cls.fields]
    lines += [shown(field) for field in cls.fields.values() if field.behind is not None]
    return "\n".join(["", *lines]) if lines else " ..."


def typed(hint: Any) -> str:
    """A hint as it was written."""
    for name, held in vars(rules).items():
        if held is hint and name[0] != "_" and typing.get_origin(hint) is Annotated:
            return f"rules.{name}"
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return " | ".join(typed(part) for part in typing.get_args(hint))
    if typing.get_origin(hint) is Annotated:
        return typed(typing.get_args(hint)[0])
    return "None" if hint is types.NoneType else hint.__name__


def stub(package: str, names: Table) -> str:
    """What editors and type checkers read of a namespace.

    A class around a function has a constructor that no annotation says; its stub does, and that
    of a class whose arguments are its annotations and those of a constructor above. So has a
    layer whose fields are `weights`, `placed` or its cell's: the last base of its stub annotates
    them in order, and what is annotated again keeps its place.
    """
    module = importlib.import_module(package)
    imports, after = ["from typing import Any", ""], ["", "__all__: list[str]"]
    orders: dict[tuple[str, ...], str] = {}
    for name, (home, own) in sorted(names.items(), key=lambda item: (item[1][0], item[0])):
        # The index at hand may be an older one.
        found = held(home, own) if home else getattr(module, name)
        init = vars(found).get("__init__") if inspect.isclass(found) else None
        if own == "*":
            parent, _, last = home.rpartition(".")
            imports.append(f"from {parent} import {last} as {name}")
        elif name != own:
            after.append(f"{name} = {own}")
            if own not in names:
                imports.append(f"from {home or package} import {own}")
        elif "around" in getattr(init, "__dict__", {}):
            after.append(f"class {name}({found.__mro__[1].__name__}):")
            after.append(f"    def __init__({taken(init, True)}) -> None: ...")
        elif inspect.isclass(found) and hasattr(found.__init__, "defaults"):
            needed, lines = declared(name, found)
            imports += [f"from {home or package} import {own} as _{name}"]
            imports += [line for line in needed if line not in imports]
            after += lines
        elif inspect.isclass(found) and list(getattr(found, "fields", ())) != annotated(found):
            imports.append(f"from {home or package} import {own} as _{name}")
            said = [n if n in annotated(found) else shown(f) for n, f in found.fields.items()]
            if (order := tuple(said)) not in orders:
                orders[order] = f"_Of{name}"
                after += [f"class _Of{name}(Fields):", *map(shown, found.fields.values())]
            after.append(f"class {name}(_{name}, {orders[order]}):{corrected(found)}")
        else:
            imports.append(f"from {home or package} import {own} as {name}")
    for name, found in sorted(vars(module).items()):
        own = inspect.isfunction(found) and found.__module__ == package
        if own and name not in names and name[0] != "_":
            after.append(f"def {name}({taken(found, False)}) -> Any: ...")
    if orders:
        imports[1:1] = ["from typing import ClassVar", "", "from kerasish.arguments import rules"]
        imports.append("from kerasish.arguments.fields import Fields")
    if not any("Any" in line for line in after):
        imports = imports[2:]
    return "\n".join([f"# {NOTE}", *imports, *after, ""])


def files() -> dict[Path, str]:
    """Every generated file and its text."""
    public, kinds = index()
    text = (
        f'"""Where public names and built-in names live. {NOTE}"""\n\n'
        f"PUBLIC: dict[str, dict[str, str]] = {written(public)}\n"
        f"KINDS: dict[str, dict[str, str]] = {written(kinds)}\n"
    )
    stubs = {
        Path(str(importlib.import_module(space).__file__)).with_suffix(".pyi"): stub(space, names)
        for space, names in public.items()
    }
    return {ROOT / "kerasish/_names.py": text, **stubs}


if __name__ == "__main__":
    for path, content in files().items():
        path.write_text(content, encoding="utf-8")
