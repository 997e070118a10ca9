"""What other tools, and people, call the things of a file: one table for all messages.

A line of `PLACES` is for a key that stands in a section which has no such key: where it belongs,
and the line to write. `KEYS`, `NAMES` and `ARGUMENTS` give a file's word for another one.
To teach a new word, add a line. Words that differ by a letter or by case need none.
"""

from __future__ import annotations

TOP = "the file"  # the title of the whole file
# Keys of the whole file, by which a line is known for one of them.
SECTIONS = ("kerasish", "name", "description", "base", "seed", "backend", "vars", "plugins",
            "blocks", "model", "data", "train")  # fmt: skip
# Keys that hold lists; an object alone stands for a list of one.
LISTS = ("layers", "metrics", "callbacks", "seq", "augment")

# Section -> word -> the key that is meant there.
KEYS: dict[str, dict[str, str]] = {
    "the file": {
        "architecture": "model", "net": "model", "network": "model", "models": "model",
        "dataset": "data", "datasets": "data", "datamodule": "data", "input_data": "data",
        "training": "train", "trainer": "train", "fit": "train", "compile": "train",
        "version": "kerasish", "keras": "kerasish",
        "random_state": "seed", "random_seed": "seed", "rng": "seed",
        "variables": "vars", "params": "vars", "parameters": "vars", "hparams": "vars",
        "hyperparameters": "vars", "constants": "vars", "definitions": "vars",
        "desc": "description", "title": "name", "comment": "description",
        "defaults": "base", "extends": "base", "inherit": "base", "include": "base",
        "imports": "plugins", "import": "plugins", "modules": "plugins",
        "block": "blocks", "functions": "blocks",
    },
    "model": {
        "class_name": "type", "kind": "type", "input_shape": "input", "in_shape": "input",
        "shape": "input", "input_dim": "input", "inputs": "input", "input": "inputs",
        "layer": "layers", "sequence": "layers", "seq": "layers", "modules": "layers",
        "stack": "layers", "blocks": "layers", "architecture": "layers",
        "node": "nodes", "nodes": "layers", "graph": "nodes", "edges": "nodes", "output": "outputs",
        "out": "outputs", "model_name": "name",
    },
    "data": {
        "batchsize": "batch_size", "batch": "batch_size", "bs": "batch_size",
        "minibatch": "batch_size", "minibatch_size": "batch_size", "mini_batch_size": "batch_size",
        "val": "validation", "valid": "validation", "dev": "validation",
        "validation_data": "validation", "val_data": "validation", "eval": "validation",
        "training": "train", "train_data": "train", "testing": "test", "test_data": "test",
        "name": "dataset", "sources": "source", "file": "source", "files": "source",
        "path": "source", "input": "x", "inputs": "x", "features": "x", "feature": "x", "X": "x",
        "target": "y", "targets": "y", "label": "y", "labels": "y", "output": "y",
        "outputs": "y", "classes": "y", "Y": "y",
        "weights": "sample_weight", "sample_weights": "sample_weight", "weight": "sample_weight",
        "augmentation": "augment", "augmentations": "augment", "transforms": "augment",
        "windows": "window", "shuffled": "shuffle",
    },
    "train": {
        "n_epochs": "epochs", "num_epochs": "epochs", "nb_epoch": "epochs", "epoch": "epochs",
        "max_epochs": "epochs", "n_iter": "epochs", "max_iter": "epochs", "iterations": "epochs",
        "metric": "metrics", "scoring": "metrics", "score": "metrics", "scores": "metrics",
        "callback": "callbacks", "criterion": "loss", "loss_fn": "loss", "loss_function": "loss",
        "objective": "loss", "losses": "loss", "cost": "loss", "opt": "optimizer",
        "optim": "optimizer", "solver": "optimizer", "optimiser": "optimizer",
        "optimizers": "optimizer", "class_weights": "class_weight",
        "loss_weight": "loss_weights", "steps": "steps_per_epoch",
    },
    "data.validation": {
        "fraction": "split", "size": "split", "ratio": "split", "frac": "split",
        "validation_split": "split", "percent": "split", "test_size": "split",
    },
    "data.test": {
        "fraction": "split", "size": "split", "ratio": "split", "frac": "split",
        "test_size": "split", "percent": "split",
    },
    "data.window": {
        "lookback": "history", "look_back": "history", "window_size": "history",
        "size": "history", "length": "history", "input_width": "history", "past": "history",
        "steps": "history", "n_steps": "history", "lags": "history", "forecast": "horizon",
        "sequence_length": "history", "seq_len": "history", "timesteps": "history",
        "future": "horizon", "label_width": "horizon", "predict": "horizon", "step": "stride",
        "shift": "stride",
    },
    "block": {
        "params": "args", "parameters": "args", "arguments": "args", "vars": "args",
        "inputs": "input", "outputs": "output", "body": "layers", "seq": "layers",
    },
    "source csv": {
        "sep": "separator", "delimiter": "separator", "column_names": "names", "columns": "names",
        "na_values": "missing", "missing_values": "missing", "quotechar": "quote",
        "has_header": "header", "dtypes": "types", "dtype": "types",
    },
    "source images": {
        "image_size": "size", "target_size": "size", "img_size": "size", "resize": "size",
        "color_mode": "color", "channels": "color",
    },
    "source audio": {
        "sample_rate": "rate", "sampling_rate": "rate", "sr": "rate", "duration": "length",
        "output_sequence_length": "length",
    },
    "pad": {"size": "length", "maxlen": "length", "max_length": "length", "padding": "at",
            "side": "at", "pad_value": "value"},
    "load": {"path": "file", "model": "file", "yaml": "config", "folder": "run", "layer": "until",
             "output": "until"},
    "input": {"input_shape": "shape", "size": "shape", "dims": "shape", "type": "dtype"},
}  # fmt: skip

_VALIDATION = "data", "validation", "validation: {{split: {value}}}"
_RATE = "train", "optimizer", "optimizer: {{{optimizer}: {{{others}learning_rate: {value}}}}}"
_STOP = (
    "train", "callbacks",
    "callbacks: [EarlyStopping: {{monitor: val_loss, patience: {value}}}]",
)  # fmt: skip

# Word -> the section that it belongs to, the key there, and the line to write; `{value}` is what
# was given, `{optimizer}` the optimizer of the file, `{others}` its other arguments. An empty
# section is the top of the file.
PLACES: dict[str, tuple[str, str, str]] = {
    "learning_rate": _RATE, "lr": _RATE, "eta": _RATE, "step_size": _RATE,
    "learningrate": _RATE, "rate": _RATE, "learning_rate_init": _RATE, "init_lr": _RATE,
    "momentum": ("train", "optimizer", "optimizer: {{SGD: {{momentum: {value}}}}}"),
    "weight_decay": ("train", "optimizer", "optimizer: {{AdamW: {{weight_decay: {value}}}}}"),
    "clipnorm": ("train", "optimizer", "optimizer: {{{optimizer}: {{clipnorm: {value}}}}}"),
    "clipvalue": ("train", "optimizer", "optimizer: {{{optimizer}: {{clipvalue: {value}}}}}"),
    "grad_clip": ("train", "optimizer", "optimizer: {{{optimizer}: {{clipnorm: {value}}}}}"),
    "gradient_clip": ("train", "optimizer", "optimizer: {{{optimizer}: {{clipnorm: {value}}}}}"),
    "optimizer": ("train", "optimizer", "optimizer: {value}"),
    "loss": ("train", "loss", "loss: {value}"),
    "loss_weights": ("train", "loss_weights", "loss_weights: {value}"),
    "criterion": ("train", "loss", "loss: {value}"),
    "metrics": ("train", "metrics", "metrics: {value}"),
    "metric": ("train", "metrics", "metrics: [{value}]"),
    "scheduler": _RATE,
    "lr_scheduler": _RATE,
    "schedule": _RATE,
    "precision": ("train", "mixed_precision", "mixed_precision: mixed_float16"),
    "amp": ("train", "mixed_precision", "mixed_precision: mixed_float16"),
    "epochs": ("train", "epochs", "epochs: {value}"),
    "n_epochs": ("train", "epochs", "epochs: {value}"),
    "num_epochs": ("train", "epochs", "epochs: {value}"),
    "max_epochs": ("train", "epochs", "epochs: {value}"),
    "callbacks": ("train", "callbacks", "callbacks: {value}"),
    "class_weight": ("train", "class_weight", "class_weight: {value}"),
    "steps_per_epoch": ("train", "steps_per_epoch", "steps_per_epoch: {value}"),
    "mixed_precision": ("train", "mixed_precision", "mixed_precision: {value}"),
    "early_stopping": _STOP, "earlystopping": _STOP, "patience": _STOP,
    "n_iter_no_change": _STOP,
    "checkpoint": ("train", "callbacks", "callbacks: [ModelCheckpoint: {{filepath: best.keras}}]"),
    "csv": ("data", "source", "source: {{csv: {value}}}"),
    "tsv": ("data", "source", "source: {{tsv: {value}}}"),
    "parquet": ("data", "source", "source: {{parquet: {value}}}"),
    "jsonl": ("data", "source", "source: {{jsonl: {value}}}"),
    "npz": ("data", "source", "source: {{npz: {value}}}"),
    "hdf5": ("data", "source", "source: {{hdf5: {value}}}"),
    "images": ("data", "source", "source: {{images: {value}}}"),
    "audio": ("data", "source", "source: {{audio: {value}}}"),
    "split": ("data", "validation", "validation: {{split: 0.1}}"),
    "batch_size": ("data", "batch_size", "batch_size: {value}"),
    "batchsize": ("data", "batch_size", "batch_size: {value}"),
    "batch": ("data", "batch_size", "batch_size: {value}"),
    "shuffle": ("data", "shuffle", "shuffle: {value}"),
    "validation_split": _VALIDATION, "val_split": _VALIDATION, "validation_size": _VALIDATION,
    "val_size": _VALIDATION, "validation_fraction": _VALIDATION, "valid_size": _VALIDATION,
    "test_size": ("data", "test", "test: {{split: {value}}}"),
    "test_split": ("data", "test", "test: {{split: {value}}}"),
    "validation": ("data", "validation", "validation: {value}"),
    "validation_data": ("data", "validation", "validation: {value}"),
    "test": ("data", "test", "test: {value}"),
    "source": ("data", "source", "source: {value}"),
    "window": ("data", "window", "window: {value}"),
    "augment": ("data", "augment", "augment: {value}"),
    "sample_weight": ("data", "sample_weight", "sample_weight: {value}"),
    "dataset": ("data", "dataset", "dataset: {value}"),
    "x": ("data", "x", "x: {value}"), "y": ("data", "y", "y: {value}"),
    "features": ("data", "x", "x: {value}"), "target": ("data", "y", "y: {value}"),
    "layers": ("model", "layers", "layers: {value}"),
    "layer": ("model", "layers", "layers: {value}"),
    "input": ("model", "input", "input: {value}"),
    "input_shape": ("model", "input", "input: {{shape: {value}}}"),
    "inputs": ("model", "inputs", "inputs: {value}"),
    "nodes": ("model", "nodes", "nodes: {value}"),
    "outputs": ("model", "outputs", "outputs: {value}"),
    "dropout": ("model", "layers", "layers: [..., Dropout: {value}]"),
    "dropout_rate": ("model", "layers", "layers: [..., Dropout: {value}]"),
    "activation": ("model", "layers", "layers: [..., Dense: {{units: 10, activation: {value}}}]"),
    "hidden_layers": ("model", "layers", "layers: [Dense: {{units: 64, activation: relu}}, ...]"),
    "hidden_layer_sizes": (
        "model", "layers", "layers: [Dense: {{units: 64, activation: relu}}, ...]",
    ),
    "seed": ("", "seed", "seed: {value}"), "random_state": ("", "seed", "seed: {value}"),
    "random_seed": ("", "seed", "seed: {value}"),
    "vars": ("", "vars", "vars: {value}"), "blocks": ("", "blocks", "blocks: {value}"),
    "plugins": ("", "plugins", "plugins: {value}"), "backend": ("", "backend", "backend: {value}"),
    "name": ("", "name", "name: {value}"), "base": ("", "base", "base: {value}"),
    "description": ("", "description", "description: {value}"),
    "model": ("", "model", "model: {value}"), "data": ("", "data", "data: {value}"),
    "train": ("", "train", "train: {value}"),
}  # fmt: skip

# Title of a section, and what stands in place of its mapping -> what to write.
FORMS: dict[str, str] = {
    "data.validation number": "validation: {{split: {value}}}",
    "validation number": "validation: {{split: {value}}}",
    "data.validation flag": "validation: {{split: 0.1}}",
    "data.test number": "test: {{split: {value}}}",
    "data text": "data: {{dataset: {value}}}, or {{source: {{csv: {value}}}, x: ..., y: ...}}",
    "data list": "data: {{source: {{csv: file.csv}}, x: ..., y: ...}}",
    "model list": "model: {{layers: {value}}}",
    "model text": "model: {{layers: [{value}, ...]}}",
    "train text": "train: {{optimizer: {value}, loss: ...}}",
    "input number": "input: [{value}]",
    "input text": "input: {{shape: [8]}}",
}  # fmt: skip

# What stands in a node for `from`.
FROM = ("inputs", "input", "in", "of", "source", "sources", "bottom", "parents", "inbound", "x")

# Keys of no section, with what does their work.
NOTHING: dict[str, str] = {
    "verbose": "the command line says how much is printed: --quiet",
    "num_workers": "batches are prepared by themselves: remove it",
    "workers": "batches are prepared by themselves: remove it",
    "pin_memory": "batches are prepared by themselves: remove it",
    "device": "the command line chooses: --device",
    "prefetch": "batches are prepared by themselves: remove it",
    "drop_last": "the last batch counts as the others do: remove it",
    "drop_remainder": "the last batch counts as the others do: remove it",
    "normalize": "write it in x: {name: {from: column, Normalization: {}}}",
    "standardize": "write it in x: {name: {from: column, Normalization: {}}}",
    "preprocessing": "write it in x: {name: {from: column, Normalization: {}}}",
    "preprocess": "write it in x: {name: {from: column, Normalization: {}}}",
    "freeze": "write rates: {layer: 0} under train, or trainable: false in the layer",
    "frozen": "write rates: {layer: 0} under train, or trainable: false in the layer",
    "cv": "the command line does it: kerasish cv FILE",
    "kfold": "the command line does it: kerasish cv FILE",
    "folds": "the command line does it: kerasish cv FILE",
    "n_splits": "the command line does it: kerasish cv FILE",
    "encoding": "files are read as UTF-8: save it so",
    "index_col": "columns are chosen in x and y: remove it",
    "usecols": "columns are chosen in x and y: remove it",
    "gpus": "the command line chooses: --device",
    "accelerator": "the command line chooses: --device",
    "save_path": "runs are kept in the folder runs/; --run DIR names another",
    "output_dir": "runs are kept in the folder runs/; --run DIR names another",
    "log_dir": "runs are kept in the folder runs/; --run DIR names another",
}

_STEPS = "PiecewiseConstantDecay: {boundaries: [1000, 2000], values: [0.01, 0.001, 0.0001]}"
_EXPONENTIAL = "ExponentialDecay: {initial_learning_rate: 0.01, decay_steps: 1000, decay_rate: 0.9}"
_COSINE = "CosineDecay: {initial_learning_rate: 0.001, decay_steps: 1000}"
_LINEAR = "PolynomialDecay: {initial_learning_rate: 0.01, decay_steps: 1000}"

# Kind -> word -> the name that files use; a whole item where the name alone says too little.
NAMES: dict[str, dict[str, str]] = {
    "layer": {
        "Linear": "Dense", "FullyConnected": "Dense", "fc": "Dense", "FC": "Dense",
        "linear_layer": "Dense", "LazyLinear": "Dense", "fully_connected": "Dense",
        "Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Convolution3D": "Conv3D",
        "conv": "Conv2D", "Conv": "Conv2D", "convolution": "Conv2D", "LazyConv2d": "Conv2D",
        "ConvTranspose1d": "Conv1DTranspose", "ConvTranspose2d": "Conv2DTranspose",
        "ConvTranspose3d": "Conv3DTranspose", "Deconvolution2D": "Conv2DTranspose",
        "MaxPool1d": "MaxPooling1D", "MaxPool2d": "MaxPooling2D", "MaxPool3d": "MaxPooling3D",
        "maxpool": "MaxPooling2D", "MaxPool": "MaxPooling2D", "max_pool": "MaxPooling2D",
        "pool": "MaxPooling2D", "Pooling": "MaxPooling2D", "max_pooling": "MaxPooling2D",
        "AvgPool1d": "AveragePooling1D", "AvgPool2d": "AveragePooling2D",
        "AvgPool3d": "AveragePooling3D", "avgpool": "AveragePooling2D",
        "AdaptiveAvgPool1d": "GlobalAveragePooling1D",
        "AdaptiveAvgPool2d": "GlobalAveragePooling2D", "AdaptiveMaxPool2d": "GlobalMaxPooling2D",
        "GAP": "GlobalAveragePooling2D",
        "BatchNorm": "BatchNormalization", "BatchNorm1d": "BatchNormalization",
        "BatchNorm2d": "BatchNormalization", "BatchNorm3d": "BatchNormalization",
        "batchnorm": "BatchNormalization", "batch_norm": "BatchNormalization",
        "BN": "BatchNormalization", "bn": "BatchNormalization",
        "LayerNorm": "LayerNormalization", "layernorm": "LayerNormalization",
        "layer_norm": "LayerNormalization", "GroupNorm": "GroupNormalization",
        "RMSNorm": "RMSNormalization", "InstanceNorm2d": "GroupNormalization",
        "Dropout1d": "SpatialDropout1D", "Dropout2d": "SpatialDropout2D",
        "Dropout3d": "SpatialDropout3D", "AlphaDropout2d": "AlphaDropout",
        "RNN": "SimpleRNN", "rnn": "SimpleRNN", "MultiheadAttention": "MultiHeadAttention",
        "SelfAttention": "MultiHeadAttention", "EmbeddingBag": "Embedding",
        "Upsample": "UpSampling2D", "Upsampling2d": "UpSampling2D", "ZeroPad2d": "ZeroPadding2D",
        "Concat": "Concatenate", "concat": "Concatenate", "cat": "Concatenate",
        "Merge": "Concatenate", "Sum": "Add", "plus": "Add", "Mul": "Multiply",
        "View": "Reshape", "StandardScaler": "Normalization", "standard_scaler": "Normalization",
        "Scaler": "Normalization", "Standardize": "Normalization",
        "MinMaxScaler": "Rescaling", "Scale": "Rescaling", "Normalize": "Normalization",
        "OneHotEncoder": "StringLookup", "OneHot": "CategoryEncoding", "KBinsDiscretizer":
        "Discretization", "LogisticRegression": "Dense: {units: 1, activation: sigmoid}",
        "LinearRegression": "Dense: {units: 1}", "MLPClassifier":
        "Dense: {units: 64, activation: relu}", "Perceptron": "Dense: {units: 1}",
        "LabelEncoder": "StringLookup", "TfidfVectorizer": "TextVectorization",
        "CountVectorizer": "TextVectorization", "Tokenizer": "TextVectorization",
        "RandomHorizontalFlip": "RandomFlip", "RandomVerticalFlip": "RandomFlip",
        "RandomAffine": "RandomTranslation", "ColorJitter": "RandomColorJitter",
        "CenterCrop2D": "CenterCrop", "Resize": "Resizing", "PositionEmbedding": "Embedding",
    },
    "activation": {
        "ReLU": "relu", "Relu": "relu", "RELU": "relu", "rectifier": "relu", "logistic": "sigmoid",
        "identity": "linear", "swish_1": "swish", "hyperbolic_tangent": "tanh",
        "lrelu": "leaky_relu", "LeakyReLU": "leaky_relu", "Softmax": "softmax",
        "Sigmoid": "sigmoid", "Tanh": "tanh", "GELU": "gelu", "SiLU": "silu", "ELU": "elu",
        "none": "linear", "logsoftmax": "log_softmax", "LogSoftmax": "log_softmax",
    },
    "loss": {
        "CrossEntropyLoss": "sparse_categorical_crossentropy",
        "CrossEntropy": "sparse_categorical_crossentropy",
        "cross_entropy": "sparse_categorical_crossentropy",
        "crossentropy": "sparse_categorical_crossentropy",
        "ce": "sparse_categorical_crossentropy", "xent": "sparse_categorical_crossentropy",
        "log_loss": "binary_crossentropy", "logloss": "binary_crossentropy",
        "NLLLoss": "sparse_categorical_crossentropy", "nll": "sparse_categorical_crossentropy",
        "BCELoss": "binary_crossentropy", "BCEWithLogitsLoss": "binary_crossentropy",
        "BCE": "binary_crossentropy", "bce": "binary_crossentropy",
        "MSELoss": "mean_squared_error", "L2Loss": "mean_squared_error", "l2": "mean_squared_error",
        "squared_error": "mean_squared_error", "rmse": "mean_squared_error",
        "RMSE": "mean_squared_error", "L1Loss": "mean_absolute_error", "l1": "mean_absolute_error",
        "absolute_error": "mean_absolute_error", "SmoothL1Loss": "huber", "smooth_l1": "huber",
        "HuberLoss": "huber", "KLDivLoss": "kl_divergence", "HingeEmbeddingLoss": "hinge",
        "softmax_crossentropy": "sparse_categorical_crossentropy",
        "sparse_crossentropy": "sparse_categorical_crossentropy",
    },
    "metric": {
        "accuracy_score": "accuracy", "precision": "Precision", "precision_score": "Precision",
        "recall": "Recall", "recall_score": "Recall", "sensitivity": "Recall",
        "f1": "F1Score", "F1": "F1Score", "f1_score": "F1Score", "f1score": "F1Score",
        "auc": "AUC", "roc_auc": "AUC", "roc_auc_score": "AUC", "rocauc": "AUC",
        "r2": "R2Score", "r2_score": "R2Score", "R2": "R2Score",
        "rmse": "RootMeanSquaredError", "RMSE": "RootMeanSquaredError",
        "root_mean_squared_error": "RootMeanSquaredError",
        "neg_mean_squared_error": "mean_squared_error", "top5": "top_k_categorical_accuracy",
        "iou": "MeanIoU", "IoU": "MeanIoU", "error": "accuracy", "err": "accuracy",
        "log_loss": "binary_crossentropy",
    },
    "optimizer": {
        "RMSProp": "RMSprop", "adam_w": "AdamW", "GradientDescent": "SGD",
        "gradient_descent": "SGD", "GD": "SGD", "Momentum": "SGD", "momentum": "SGD",
        "NAdam": "Nadam", "default": "Adam",
    },
    "schedule": {
        "StepLR": _STEPS, "MultiStepLR": _STEPS, "step": _STEPS, "steps": _STEPS,
        "ExponentialLR": _EXPONENTIAL, "exponential": _EXPONENTIAL,
        "CosineAnnealingLR": _COSINE, "CosineAnnealing": _COSINE, "cosine": _COSINE,
        "CosineAnnealingWarmRestarts": "CosineDecayRestarts: "
        "{initial_learning_rate: 0.001, first_decay_steps: 1000}",
        "LinearLR": _LINEAR, "linear": _LINEAR,
    },
    "initializer": {
        "xavier": "glorot_uniform", "xavier_uniform": "glorot_uniform",
        "xavier_normal": "glorot_normal", "kaiming": "he_normal", "kaiming_normal": "he_normal",
        "kaiming_uniform": "he_uniform", "he": "he_normal", "glorot": "glorot_uniform",
        "normal": "random_normal", "uniform": "random_uniform", "zero": "zeros", "one": "ones",
    },
    "regularizer": {"L2Regularization": "l2", "ridge": "l2", "lasso": "l1", "elastic": "l1_l2"},
    "callback": {
        "early_stopping": "EarlyStopping", "Checkpoint": "ModelCheckpoint",
        "checkpoint": "ModelCheckpoint", "ReduceLR": "ReduceLROnPlateau",
        "reduce_lr": "ReduceLROnPlateau", "tensorboard": "TensorBoard", "Tensorboard":
        "TensorBoard",
    },
}  # fmt: skip

# Word -> the arguments that it may mean: the first that the object has.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "lr": ("learning_rate",), "eta": ("learning_rate",), "step_size": ("learning_rate",),
    "learning_rate_init": ("learning_rate",), "initial_lr": ("initial_learning_rate",),
    "eps": ("epsilon",), "wd": ("weight_decay",), "l2": ("weight_decay", "l2"),
    "betas": ("beta_1",), "beta1": ("beta_1",), "beta2": ("beta_2",), "alpha": ("negative_slope",
    "rho"), "decay": ("weight_decay",),
    "out_features": ("units",), "n_units": ("units",), "num_units": ("units",),
    "neurons": ("units",), "n_neurons": ("units",), "nodes": ("units",), "size": ("units",
    "pool_size", "target_shape", "filters"), "width": ("units", "filters"), "hidden": ("units",),
    "hidden_size": ("units",), "hidden_units": ("units",), "output_size": ("units",),
    "output_units": ("units",), "num_outputs": ("units",), "dim": ("units", "output_dim", "axis"),
    "n_out": ("units",), "features": ("units", "filters"), "n": ("units",),
    "out_channels": ("filters",), "channels": ("filters",), "n_filters": ("filters",),
    "num_filters": ("filters",), "nb_filter": ("filters",), "units": ("filters",),
    "kernel": ("kernel_size",), "ksize": ("kernel_size",), "filter_size": ("kernel_size",),
    "kernel_size": ("pool_size",), "window": ("pool_size",), "pool": ("pool_size",),
    "k": ("kernel_size", "pool_size"), "pad": ("padding",), "border_mode": ("padding",),
    "stride": ("strides",), "subsample": ("strides",), "dilation": ("dilation_rate",),
    "p": ("rate",), "prob": ("rate",), "probability": ("rate",), "drop": ("rate",),
    "drop_rate": ("rate",), "dropout": ("rate",), "dropout_rate": ("rate",),
    "drop_prob": ("rate",), "keep_prob": ("rate",), "ratio": ("rate",),
    "act": ("activation",), "activation_fn": ("activation",), "activation_function":
    ("activation",), "nonlinearity": ("activation",), "non_linearity": ("activation",),
    "bias": ("use_bias",), "init": ("kernel_initializer",),
    "kernel_init": ("kernel_initializer",), "initializer": ("kernel_initializer",),
    "weight_init": ("kernel_initializer",), "regularizer": ("kernel_regularizer",),
    "num_embeddings": ("input_dim",), "vocab_size": ("input_dim",), "vocabulary_size":
    ("input_dim",), "embedding_dim": ("output_dim",), "embedding_size": ("output_dim",),
    "embed_dim": ("output_dim", "key_dim"), "heads": ("num_heads",), "n_heads": ("num_heads",),
    "nheads": ("num_heads",), "head_dim": ("key_dim",), "head_size": ("key_dim",),
    "return_seq": ("return_sequences",), "bidirectional": (), "shape": ("target_shape",),
    "output_shape": ("target_shape",), "min_lr": ("min_learning_rate",),
    "metric": ("monitor",), "quantity": ("monitor",), "n_iter_no_change": ("patience",),
    "steps": ("decay_steps",),
    "tol": ("min_delta",), "path": ("filepath",), "filename": ("filepath",),
    "dirpath": ("filepath",), "max_tokens_": ("max_tokens",), "max_length":
    ("output_sequence_length",), "max_len": ("output_sequence_length",),
    "sequence_length": ("output_sequence_length",), "id": ("name",), "label": ("name",),
}  # fmt: skip

# Keys under which other tools write the name of what is made, and those under which its arguments.
TYPE_KEYS = ("type", "class_name", "_target_", "class", "name", "kind", "layer", "layer_type",
             "op", "module", "target", "cls", "fn", "schedule", "scheduler", "algorithm",
             "method")  # fmt: skip
CONFIG_KEYS = ("config", "params", "args", "kwargs", "arguments", "parameters", "options",
               "init_args", "hparams")  # fmt: skip

# Layers of other tools whose first argument is the width of the input, which follows by itself
# here; arguments that say it by name, or say what goes without saying.
INPUT_FIRST = frozenset({
    "Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
    "ConvTranspose3d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "RMSNorm",
})  # fmt: skip
NEEDLESS = frozenset({
    "in_features", "in_channels", "input_size", "num_features", "normalized_shape", "inplace",
    "batch_first", "input_shape",
})  # fmt: skip
