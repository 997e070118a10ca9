"""What namespaces offer and kinds have that no rule finds, and where kinds are found.

`scripts/make_names.py` makes the index of names of it.
"""

from __future__ import annotations

from typing import NamedTuple

# A module, and the names it has; "name:own" where it calls it otherwise, "name:*" for itself.
Homes = dict[str, str]


class Kind(NamedTuple):
    """How the names of a kind are found in its folder."""

    kind: str
    base: str = ""  # "module:class"; classes below it are of the kind
    form: str = ""  # of the second name of a class: "snake" or "lower"
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
    "constraints": Kind("constraint", "projections:Constraint", "snake", both=True),
    "initializers": Kind(
        "initializer",
        "initializer:Initializer",
        "snake",
        both=True,
        abstract="RandomInitializer",
        aliases="A",
    ),
    "layers": Kind("layer", "base.layer:Layer", "snake", abstract=FAMILIES),
    "datasets": Kind("dataset"),
    "losses": Kind("loss", "base:Loss", functions="margin probabilistic regression structured"),
    "metrics": Kind("metric", "metric:Metric", "snake"),
    "optimizers": Kind("optimizer", "optimizer:Optimizer", "lower"),
    "optimizers.schedules": Kind("schedule", ":LearningRateSchedule"),
    "regularizers": Kind("regularizer", "penalties:Regularizer", "snake", both=True, aliases="a"),
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
        "declarative dtype_policies errors explain export graph initializers inspect layers legacy "
        "losses metrics mixed_precision models ops optimizers preparation preprocessing random "
        "registry regularizers saving serialization spec testing training tree utils visualization "
        "wrappers",
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
    "kerasish.explain": {
        "kerasish.explain.attended": "Attended AttentionMaps",
        "kerasish.explain.attention": "attention_maps attention_rollout",
        "kerasish.explain.attribution": "Attribution",
        "kerasish.explain.cam": "grad_cam grad_cam_plus_plus",
        "kerasish.explain.counterfactuals": "Change Counterfactual counterfactual",
        "kerasish.explain.gradients": "gradient_x_input integrated_gradients saliency smoothgrad",
        "kerasish.explain.importance": "Importance permutation_importance",
        "kerasish.explain.maximise": "Maximised activation_maximisation",
        "kerasish.explain.occluded": "occlusion",
        "kerasish.explain.relevance": "deeplift lrp",
        "kerasish.explain.rules": "Way",
        "kerasish.explain.sanity": "SanityCheck sanity_check",
        "kerasish.explain.coalitions": "shapley",
    },
    "kerasish.preparation": {
        "kerasish.preparation.columns": "Columns",
        "kerasish.preparation.parts": "Parts split",
        "kerasish.preparation.prepared": "Part Prepared",
        "kerasish.preparation.saved": "save",
        "kerasish.preparation.served": "Served load network_of",
        "kerasish.preparation.sources": "FORMATS read_table",
        "kerasish.preparation.table": "Column Table column_of",
        "kerasish.preparation.way_back": "Target",
        "kerasish.preparation.windows": "Window",
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
