"""What differs from Keras 3.15 in names and signatures, each with its reason."""

from __future__ import annotations

# Names of Keras that do not exist yet, by namespace; "*" is all of them. It shrinks to nothing.
TO_COME: dict[str, str] = {
    "keras": "Quantizer",
    "keras.applications": "*",
    "keras.applications.convnext": "*",
    "keras.applications.densenet": "*",
    "keras.applications.efficientnet": "*",
    "keras.applications.efficientnet_v2": "*",
    "keras.applications.imagenet_utils": "*",
    "keras.applications.inception_resnet_v2": "*",
    "keras.applications.inception_v3": "*",
    "keras.applications.mobilenet": "*",
    "keras.applications.mobilenet_v2": "*",
    "keras.applications.mobilenet_v3": "*",
    "keras.applications.nasnet": "*",
    "keras.applications.resnet": "*",
    "keras.applications.resnet50": "*",
    "keras.applications.resnet_v2": "*",
    "keras.applications.vgg16": "*",
    "keras.applications.vgg19": "*",
    "keras.applications.xception": "*",
    "keras.distillation": "DistillationLoss Distiller FeatureDistillation LogitsDistillation",
    "keras.distribution": (
        "DataParallel DeviceMesh LayoutMap ModelParallel TensorLayout distribute_tensor "
        "distribution get_device_count initialize list_devices set_distribution"
    ),
    "keras.dtype_policies": (
        "AWQDTypePolicy DTypePolicyMap GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy "
        "QuantizedFloat8DTypePolicy"
    ),
    "keras.layers": "ReversibleEmbedding",
    "keras.quantizers": (
        "AWQConfig AbsMaxQuantizer Float8QuantizationConfig GPTQConfig Int4QuantizationConfig "
        "Int8QuantizationConfig QuantizationConfig Quantizer abs_max_quantize "
        "abs_max_quantize_grouped_with_zero_point compute_float8_amax_history "
        "compute_float8_scale deserialize fake_quant_with_min_max_vars get pack_int4 "
        "quantize_and_dequantize serialize unpack_int4"
    ),
}

# Name -> parameters that differ ("name=": the default does; "order"), and why.
PARAMETERS: dict[str, str] = {
    "models.load_model": "+allowance: what a file may take",
    "models.model_from_json": "+allowance: what a file may take",
    "tree.flatten_with_path": "+path: where the structure stands",
    "Variable": "layout: comes with keras.distribution",
    **{
        f"utils.{name}_dataset_from_directory": "+errors: files that cannot be read are left out"
        for name in ("audio", "image", "text")
    },
}

_LORA = "enable_lora: comes with LoRA"
_MASKS = (
    "get_dropout_mask get_recurrent_dropout_mask reset_dropout_mask reset_recurrent_dropout_mask"
)
_WEIGHT = "convert_weight: of Keras's inside; ours converts whatever it computes with"
_IMAGE = " ".join(
    f"transform_{part}(transformation=)"
    for part in (
        "bounding_boxes images labels segmentation_masks single_bounding_box single_image "
        "single_label single_segmentation_mask"
    ).split()
)
_ADAPT = "save_assets: the config holds the vocabulary"

# (class, members that differ and why); "Base+" is for the classes below it too.
MEMBERS: list[tuple[str, str]] = [
    *(
        (name, f"{members}: the class has a meaning with another framework only")
        for name, members in {
            "layers.TorchModuleWrapper": "parameters",
            "callbacks.OrbaxCheckpoint": "is_multihost_enabled is_primary_host wait_until_finished",
            "export.ExportArchive": "add_endpoint add_variable_collection track "
            "track_and_add_endpoint write_out",
        }.items()
    ),
    ("DTypePolicy", "convert_input: of Keras's inside, the layer converts"),
    ("KerasTensor", "ragged_rank row_splits_dtype: there are no ragged tensors"),
    ("KerasTensor", "reshape(newshape): takes the sizes one by one too"),
    ("Layer", "build(input_shape): takes one shape for every input, by the names of the inputs"),
    ("Metric", "add_variable(initializer=) add_variable(shape=): both may be left out"),
    (
        "Model",
        "compute_loss_and_updates jax_state_sync predict_step(state) test_step(state) "
        "train_step(state): what only Keras on JAX has; ours take the data, as elsewhere",
    ),
    ("Model", "export: comes with ONNX"),
    ("Model", "get_quantization_layer_structure: comes with quantization"),
    ("Operation", "quantized_call: comes with quantization"),
    ("Operation", "rematerialized_call: of Keras's inside, RematScope does it"),
    (
        "callbacks.TensorBoard",
        "summary: a module of TensorFlow; train_file and validation_file write here",
    ),
    ("layers.CategoryEncoding", _WEIGHT),
    ("layers.MelSpectrogram", _WEIGHT),
    ("layers.Rescaling", _WEIGHT),
    ("layers.Normalization", "convert_weight: of Keras's inside, for tf.data"),
    (
        "layers.Discretization",
        "convert_weight: of Keras's inside, for tf.data",
    ),
    *((f"layers.Conv{n}D", _LORA) for n in (1, 2, 3)),
    *((f"layers.{n}", _LORA) for n in ("Dense", "EinsumDense", "Embedding")),
    *(
        (f"layers.{n}", "variable_serialization_spec: comes with quantization")
        for n in ("Dense", "EinsumDense", "Embedding")
    ),
    *(
        (f"layers.{n}", f"{_MASKS}: masks are drawn in every call and kept nowhere")
        for n in ("GRUCell", "LSTMCell", "SimpleRNNCell")
    ),
    ("layers.RNN", "get_initial_state(batch_size=): the size may be left out"),
    *((f"layers.{n}", _ADAPT) for n in ("IntegerLookup", "StringLookup", "TextVectorization")),
    (
        "layers.augmentation.base.ImageLayer+",
        f"convert_weight {_IMAGE}: all may be called with nothing drawn, as some of Keras's",
    ),
    (
        "layers.RandomGrayscale",
        "get_random_transformation(images) transform_labels(transformations) "
        "transform_segmentation_masks(transformations): named as in the other layers",
    ),
    ("layers.RandomShear", "get_shifted_bbox get_transformed_x_y: of Keras's inside"),
    ("layers.RandomTranslation", "get_shifted_bbox get_transformed_x_y: of Keras's inside"),
    ("layers.RandomZoom", "get_clipped_bbox get_transformed_x_y: of Keras's inside"),
    ("layers.SpectralNormalization", "normalized_weights: of Keras's inside"),
    ("metrics.AUC", "interpolate_pr_auc: of Keras's inside"),
    ("optimizers.LossScaleOptimizer", "check_finite: of Keras's inside"),
    ("utils.Sequence", "max_queue_size use_multiprocessing workers: to come"),
]
