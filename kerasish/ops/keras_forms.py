"""How Keras writes a public function called on symbols: its class, and which arguments are where.

    {"module": "keras.src.ops.numpy", "class_name": "Clip",
     "config": {"name": "clip", "x_min": 0, "x_max": 1}, "inbound_nodes": [{"args": [tensor]}]}

The arguments listed here go into the call, the others into the config. The table is held to
installed Keras by tests/golden/keras_operations.json (scripts/make_operation_golden.py).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from kerasish.naming import snake_case

# Classes whose names do not follow from the function's.
_FUNCTIONS = {
    "AllClose": "allclose",
    "IsIn": "isin",
    "SearchSorted": "searchsorted",
    "CDist": "cdist",
    "BatchNorm": "batch_normalization",
    "RMSNorm": "rms_normalization",
    "LayerNorm": "layer_normalization",
    "ReLU": "activations.relu",
}
# Arguments of the call -> the classes that take them so, by the last part of the module.
_TABLE: dict[str, dict[str, str]] = {
    "ops.core": {
        "elements": "VectorizedMap",
        "f elems": "AssociativeScan",
        "f init xs": "Scan",
        "f xs": "Map",
        "index branches *operands": "Switch",
        "indices values": "Scatter",
        "init_val": "ForiLoop",
        "inputs indices updates": "ScatterUpdate",
        "inputs start_indices": "Slice",
        "inputs start_indices updates": "SliceUpdate",
        "loop_vars": "WhileLoop",
        "pred true_fn false_fn": "Cond",
        "variable": "StopGradient",
        "x": "Unstack Cast SaturateCast ConvertToTensor",
    },
    "ops.einops": {"tensor pattern **axes_lengths": "Rearrange"},
    "ops.image": {
        "image1 image2": "SSIM",
        "images": "RGBToGrayscale RGBToHSV HSVToRGB Resize ExtractPatches PadImages CropImages "
        "GaussianBlur ElasticTransform SobelEdges",
        "images output_shape scale translation": "ScaleAndTranslate",
        "images start_points end_points": "PerspectiveTransform",
        "images transform": "AffineTransform",
        "inputs coordinates": "MapCoordinates",
    },
    "ops.linalg": {
        "a b": "Solve SolveTriangular Lstsq",
        "fun primals tangents": "JVP",
        "x": "Cholesky CholeskyInverse Det Eig Eigh Inv LuFactor Norm Qr SVD MatrixRank Pinv",
    },
    "ops.math": {
        "data segment_ids": "SegmentSum SegmentMax SegmentMin SegmentProd",
        "targets predictions": "InTopK",
        "x": "TopK Logsumexp ExtractSequences FFT FFT2 IFFT2 RFFT IRFFT STFT ISTFT Rsqrt Erf Erfc "
        "Erfinv Logdet ViewAsComplex ViewAsReal",
        "x y": "CDist",
    },
    "ops.nn": {
        "abs_ angle": "Polar",
        "inputs": "MaxPool AdaptiveMaxPool AveragePool AdaptiveAveragePool MultiHot",
        "inputs depthwise_kernel pointwise_kernel": "SeparableConv",
        "inputs kernel": "Conv DepthwiseConv ConvTranspose",
        "inputs sequence_lengths": "CTCDecode",
        "query key value bias mask scale": "DotProductAttention",
        "target output": "BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy",
        "target output target_length output_length": "CTCLoss",
        "x": "Relu Relu6 Sigmoid SparseSigmoid Softplus Softsign SoftShrink SparsePlus Silu "
        "Squareplus LogSigmoid LeakyRelu HardSigmoid HardSilu Elu Selu Gelu Celu Glu TanhShrink "
        "HardTanh HardShrink Threshold Softmax LogSoftmax Sparsemax OneHot Moments Normalize "
        "Unfold Fold DepthToSpace SpaceToDepth",
        "x gamma beta": "LayerNorm",
        "x mean variance offset scale": "BatchNorm",
        "x scale": "RMSNorm",
        "x1 x2": "PSNR",
    },
    "ops.numpy": {
        "*operands **kwargs": "Einsum",
        "*x": "Meshgrid",
        "a": "Diff",
        "array": "Rot90",
        "condition x1 x2": "Where",
        "condlist choicelist default": "Select",
        "fill_value": "Full",
        "indices": "UnravelIndex",
        "sorted_sequence values": "SearchSorted",
        "start stop": "Geomspace Linspace Logspace",
        "start stop step": "Arange",
        "x": "Absolute Abs Fabs All Angle Any Amax Amin Arccos Arccosh Arcsin Arcsinh Arctan "
        "Arctanh Argmax Argmin Argsort Array View Bincount BitwiseInvert BitwiseNot BroadcastTo "
        "Cbrt Ceil Clip Conjugate Conj Copy Cos Cosh CountNonzero Cumprod Cumsum Deg2rad Rad2deg "
        "Diag Diagflat Diagonal EmptyLike Exp Exp2 ExpandDims Expm1 Flip Fliplr Flipud Floor "
        "Hsplit Imag I0 Isfinite Isinf Isnan Isneginf Isposinf Isreal Log Log10 Log1p Log2 "
        "LogicalNot Max Median Min Moveaxis Nanargmax Nanargmin Nancumsum Nancumprod Nanmax "
        "Nanmean Nanmedian Nanmin Nanprod Nanstd Nansum Nanvar NanToNum Ndim Nonzero OnesLike "
        "ZerosLike Prod Ptp Ravel Real Reciprocal Repeat Reshape Roll Round Sign Signbit Sin Sinc "
        "Sinh Size Sort Split Stack Std Swapaxes Tan Tanh Tile Trace Tril Triu Trunc Vsplit "
        "Negative Square Sqrt Squeeze Transpose Mean Vander Var Sum Corrcoef Slogdet Argpartition "
        "Histogram ArraySplit Unique Dsplit",
        "x bins": "Digitize",
        "x constant_values": "Pad",
        "x fill_value": "FullLike",
        "x indices": "Take TakeAlongAxis",
        "x key": "GetItem",
        "x q": "Nanpercentile Nanquantile Percentile Quantile",
        "x weights": "Average",
        "x y": "BitwiseAnd BitwiseOr BitwiseXor BitwiseLeftShift LeftShift BitwiseRightShift "
        "RightShift",
        "x1 x2": "Add AllClose Append Arctan2 Heaviside Cross Dot Equal Gcd Greater GreaterEqual "
        "Hypot IsIn Kron Lcm Ldexp Less LessEqual Logaddexp Logaddexp2 LogicalAnd LogicalOr "
        "Matmul Maximum Fmax Minimum Fmin Mod Fmod NotEqual Outer Tensordot Vdot Inner Subtract "
        "Multiply Divide DivideNoNan TrueDivide Power Nextafter FloorDivide LogicalXor Correlate",
        "x1 x2 rtol atol": "Isclose",
        "xs": "Concatenate Dstack Hstack Vstack",
        "y": "Trapezoid",
    },
    "activations.activations": {"x": "ReLU Mish"},
}


class Form(NamedTuple):
    """One function in Keras's files.

    Args:
        module: of Keras's class.
        class_name: of Keras's class.
        function: the name of the public function.
        call: the arguments that go into the call, in its order; "*x" and "**x" gather the rest.
    """

    module: str
    class_name: str
    function: str
    call: tuple[str, ...]


@functools.cache
def _forms() -> tuple[dict[str, Form], dict[str, Form]]:
    by_function: dict[str, Form] = {}
    by_class: dict[str, Form] = {}
    for module, calls in _TABLE.items():
        for call, classes in calls.items():
            for name in classes.split():
                function = _FUNCTIONS.get(name) or snake_case(name)
                form = Form(f"keras.src.{module}", name, function, tuple(call.split()))
                by_function[function] = by_class[name] = form
    return by_function, by_class


def form_of_function(name: str) -> Form | None:
    """Keras's form of the public function `name`; None where Keras has none."""
    return _forms()[0].get(name)


def form_of_class(name: str) -> Form | None:
    """The form that Keras's class `name` stands for."""
    return _forms()[1].get(name)
