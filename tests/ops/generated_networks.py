"""Generated calls of the operations of neural networks and of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.generated_calls import FLOATS, Draw, makes

_DTYPES = ("float32", "float32", "float16", "float32", "bfloat16", "float32", "float64")
_FORMATS = ("channels_last", "channels_first")


def _formatted(d: Draw, batch: int, spatial: tuple[int, ...], channels: int, like: str) -> Any:
    """An image batch and its data_format."""
    last = d.chance(0.6)
    shape = (batch, *spatial, channels) if last else (batch, channels, *spatial)
    return d.array(shape, like), _FORMATS[not last]


# --- convolution and pooling --------------------------------------------------------------------


def _windowed(d: Draw) -> dict[str, Any]:
    strides = d.int(1, 3)
    return {
        "strides": strides,
        "padding": d.pick("valid", "same"),
        "dilation_rate": d.int(1, 2) if strides == 1 else 1,
    }


@makes("conv depthwise_conv")
def _conv(d: Draw) -> Any:
    dtype = d.dtype(_DTYPES)
    spatial = tuple(d.int(3, 6) for _ in range(d.int(1, 3)))
    window = tuple(d.int(1, 2) for _ in spatial)
    images, data_format = _formatted(d, d.int(1, 2), spatial, 4, dtype)
    kernel = d.array((*window, d.pick(4, 4, 2), 2), d.pick(dtype, dtype, "float32"))
    return (images, kernel), {**_windowed(d), "data_format": data_format}


@makes("separable_conv")
def _separable_conv(d: Draw) -> Any:
    spatial = tuple(d.int(3, 6) for _ in range(d.int(1, 2)))
    images, data_format = _formatted(d, 2, spatial, 3, "float32")
    deep = d.array((*(2 for _ in spatial), 3, 2), "float32")
    point = d.array((*(1 for _ in spatial), 6, 4), "float32")
    return (images, deep, point), {**_windowed(d), "data_format": data_format}


@makes("conv_transpose")
def _conv_transpose(d: Draw) -> Any:
    dtype = d.dtype(_DTYPES)
    spatial = tuple(d.int(2, 4) for _ in range(d.int(1, 2)))
    images, data_format = _formatted(d, 2, spatial, 3, dtype)
    kernel = d.array((*(d.int(1, 3) for _ in spatial), 2, 3), dtype)
    options = _windowed(d)
    if options["strides"] > 1 and d.chance(0.3):
        options["output_padding"] = d.int(0, options["strides"] - 1)
    return (images, kernel), {**options, "data_format": data_format}


@makes("max_pool average_pool")
def _pool(d: Draw) -> Any:
    dtype = d.dtype((*_DTYPES, "int32", "uint8"))
    spatial = tuple(d.int(3, 6) for _ in range(d.int(1, 3)))
    images, data_format = _formatted(d, 2, spatial, 3, dtype)
    return (images, d.int(1, 3)), {
        "strides": d.pick(None, 1, 2),
        "padding": d.pick("valid", "same", "other" if d.chance(0.2) else "same"),
        "data_format": data_format,
    }


@makes("adaptive_max_pool adaptive_average_pool")
def _adaptive_pool(d: Draw) -> Any:
    spatial = tuple(d.int(3, 6) for _ in range(d.int(1, 3)))
    images, data_format = _formatted(d, 2, spatial, 3, d.dtype(_DTYPES[:4]))
    return (images, d.int(1, 3)), {"data_format": data_format}


@makes("unfold")
def _unfold(d: Draw) -> Any:
    return (d.array((2, 3, 6, 7), d.dtype(_DTYPES[:4])),), {
        "kernel_size": d.pick(2, (3, 2)),
        "dilation": d.pick(1, 2),
        "padding": d.pick(0, (1, 2)),
        "stride": d.pick(1, 2),
    }


@makes("fold")
def _fold(d: Draw) -> Any:
    stride = d.pick(1, 2)
    count = 30 if stride == 1 else 9
    return (d.array((2, 12, count), d.dtype(_DTYPES[:4])),), {
        "output_size": (6, 7),
        "kernel_size": 2,
        "stride": stride,
    }


@makes("depth_to_space space_to_depth")
def _blocks(d: Draw) -> Any:
    images, data_format = _formatted(d, 2, (4, 6), 4, d.dtype())
    return (images, 2), {"data_format": data_format}


# --- normalization, losses, attention -----------------------------------------------------------


@makes("layer_normalization rms_normalization")
def _layer_normalization(d: Draw) -> Any:
    x = d.array((2, 3, 4), d.dtype(_DTYPES))
    if d.chance():
        return (x, d.array((4,), x.dtype.name, 0.5, 2)), {"epsilon": d.pick(1e-3, 1e-5)}
    return (x,), {"axis": d.pick(-1, 1, (1, 2))}


@makes("batch_normalization")
def _batch_normalization(d: Draw) -> Any:
    x = d.array((2, 3, 4), d.dtype(_DTYPES))
    axis = d.pick(-1, 1, 2, 0)
    like = (x.shape[axis],), x.dtype.name
    more = {k: d.array(*like) for k in ("offset", "scale") if d.chance()}
    args = (x, d.array(*like), d.array(*like, 0.5, 2), axis)
    return args, {**more, "epsilon": d.pick(1e-3, 1e-5)}


def _shares(d: Draw, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    x = d.array(shape, "float64", 0.1, 1)
    return (x / x.sum(-1, keepdims=True)).astype(d.array((1,), dtype).dtype)


@makes("categorical_crossentropy")
def _categorical(d: Draw) -> Any:
    dtype, shape = d.dtype(FLOATS[:2]), d.pick((3, 4), (2, 3, 4), (4,))
    logits = d.chance()
    output = d.array(shape, dtype) if logits else _shares(d, shape, dtype)
    target = _shares(d, shape if d.chance(0.95) else (*shape[:-1], 3), dtype)
    return (target, output), {"from_logits": logits, "axis": d.pick(-1, -1, len(shape) - 1)}


@makes("sparse_categorical_crossentropy")
def _sparse(d: Draw) -> Any:
    dtype, shape = d.dtype(FLOATS[:2]), d.pick((3, 4), (2, 3, 4))
    logits = d.chance()
    output = d.array(shape, dtype) if logits else _shares(d, shape, dtype)
    lead = d.pick(shape[:-1], (*shape[:-1], 1), (*shape[:-1], 1), (*shape[:-1], 2))
    return (d.array(lead, d.pick("int32", "uint8", "int64"), 0, 4), output), {"from_logits": logits}


@makes("binary_crossentropy")
def _binary_crossentropy(d: Draw) -> Any:
    dtype, shape = d.dtype(FLOATS[:2]), d.shape(1, 3)
    logits = d.chance()
    output = d.array(shape, dtype, *((-3, 3) if logits else (0, 1)))
    return (d.array(shape, d.pick(dtype, "float32"), 0, 1), output), {"from_logits": logits}


@makes("ctc_loss")
def _ctc_loss(d: Draw) -> Any:
    target = d.array((2, 3), "int32", 1, 4)
    lengths = d.array((2,), "int32", 1, 4), d.array((2,), "int32", 6, 9)
    return (target, d.array((2, 8, 4), "float32"), *lengths), {"mask_index": d.pick(0, 0, 3)}


@makes("ctc_decode", grad=False)
def _ctc_decode(d: Draw) -> Any:
    return (d.array((2, 6, 4), "float32"), d.array((2,), "int32", 3, 7)), {
        "merge_repeated": d.chance(),
        "mask_index": d.pick(0, 3),
    }


@makes("dot_product_attention")
def _attention(d: Draw) -> Any:
    dtype = d.dtype(_DTYPES[:4])
    heads = d.pick((2, 2), (4, 2), (4, 1))
    q = d.array((2, 3, heads[0], 4), dtype)
    k, v = (d.array((2, 5, heads[1], 4), dtype) for _ in "kv")
    more: dict[str, Any] = {"is_causal": d.chance(0.3), "scale": d.pick(None, 0.3)}
    if d.chance(0.3):
        more["mask"] = np.logical_or(d.array((2, 1, 3, 5), "bool"), np.eye(3, 5, dtype=bool))
    if d.chance(0.3):
        more["bias"] = d.array((1, heads[0], 3, 5), dtype)
    return (q, k, v), more


@makes("psnr")
def _psnr(d: Draw) -> Any:
    shape = d.shape(1, 3, 1)
    return d.array(shape, d.dtype(_DTYPES)), d.array(shape, d.dtype(_DTYPES)), d.pick(1.0, 255)


@makes("polar", grad=False)
def _polar(d: Draw) -> Any:
    shape = d.shape(0, 2)
    return d.array(shape, "float32", 0, 2), d.array(shape, "float32")


# --- images -------------------------------------------------------------------------------------


def _images(d: Draw, channels: int = 3, like: str = "float32", least: int = 4) -> Any:
    images, data_format = _formatted(d, 2, (d.int(least, 6), d.int(least, 6)), channels, like)
    images = np.abs(images) / 3 if images.dtype.kind == "f" else images
    return (images[0] if d.chance(0.3) else images), data_format


@makes("image.rgb_to_grayscale image.rgb_to_hsv image.hsv_to_rgb image.sobel_edges")
def _colors(d: Draw) -> Any:
    images, data_format = _images(d, like=d.dtype(("float32", "float16", "float32")))
    return (images,), {"data_format": data_format}


@makes("image.resize")
def _resize(d: Draw) -> Any:
    images, data_format = _images(d, like=d.dtype(("float32", "float32", "uint8", "float16")))
    return (images, (d.int(2, 8), d.int(2, 8))), {
        "interpolation": d.pick("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"),
        "antialias": d.chance(),
        "data_format": data_format,
        **d.pick({}, {}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}),
    }


_FILLS = ("constant", "nearest", "wrap", "mirror", "reflect")


@makes("image.affine_transform")
def _affine(d: Draw) -> Any:
    images, data_format = _images(d)
    about = [1.0, 0, 0, 0, 1, 0, 0, 0]
    rows = d.rng.uniform(-0.4, 0.4, (2, 8)) * [1, 1, 1, 1, 1, 1, 0, 0] + about
    transform = (rows if images.ndim == 4 else rows[0]).astype("float32")
    return (images, transform), {
        "interpolation": d.pick("bilinear", "nearest"),
        "fill_mode": d.pick(*_FILLS),
        "fill_value": d.pick(0, 1.5),
        "data_format": data_format,
    }


@makes("image.perspective_transform")
def _perspective(d: Draw) -> Any:
    images, data_format = _images(d)
    corners = np.array([[0, 0], [0, 5], [6, 0], [6, 5]], "float32")
    moved = (corners + d.rng.uniform(-0.5, 0.5, (4, 2))).astype("float32")
    pair = [corners, moved] if images.ndim == 3 else [np.stack([p] * 2) for p in (corners, moved)]
    return (images, *pair), {
        "interpolation": d.pick("bilinear", "nearest"),
        "fill_value": d.pick(0, 1.5),
        "data_format": data_format,
    }


@makes("image.map_coordinates")
def _map_coordinates(d: Draw) -> Any:
    x = d.array((4, 5), d.dtype(("float32", "int32", "float32", "uint8")))
    points = d.array((2, 6), "float32", -2, 6)
    return (x, points, d.int(0, 1)), {"fill_mode": d.pick(*_FILLS), "fill_value": d.pick(0, 2)}


@makes("image.gaussian_blur")
def _gaussian_blur(d: Draw) -> Any:
    images, data_format = _images(d)
    return (images, d.pick((3, 3), (5, 3)), d.pick((1.0, 1.0), (0.7, 1.2))), {
        "data_format": data_format
    }


@makes("image.ssim")
def _ssim(d: Draw) -> Any:
    images, data_format = _images(d)
    near = np.clip(images + d.rng.uniform(-0.1, 0.1, images.shape), 0, 1).astype("float32")
    return (images, near), {"filter_size": d.pick(3, 4), "data_format": data_format}


@makes("image.extract_patches")
def _extract_patches(d: Draw) -> Any:
    images, data_format = _images(d)
    dilation = d.pick(1, 1, 2)
    return (images, d.pick(2, (1, 2))), {
        "strides": 1 if dilation > 1 else d.pick(None, 1, 2),
        "dilation_rate": dilation,
        "padding": d.pick("valid", "same"),
        "data_format": data_format,
    }


@makes("image.extract_patches_3d")
def _extract_patches_3d(d: Draw) -> Any:
    volumes, data_format = _formatted(d, 1, (4, 4, 5), 2, "float32")
    return (volumes, 2), {"padding": d.pick("valid", "same"), "data_format": data_format}


@makes("image.crop_images")
def _crop(d: Draw) -> Any:
    images, data_format = _images(d, like=d.dtype(("float32", "uint8")))
    edges = d.pick(
        {"top_cropping": 1, "left_cropping": 0, "target_height": 2, "target_width": 3},
        {"top_cropping": 1, "bottom_cropping": 1, "left_cropping": 2, "right_cropping": 0},
        {"top_cropping": 1, "bottom_cropping": 1, "left_cropping": 2},
    )
    return (images,), {**edges, "data_format": data_format}


@makes("image.pad_images")
def _pad_images(d: Draw) -> Any:
    images, data_format = _images(d, like=d.dtype(("float32", "uint8")))
    edges = d.pick(
        {"top_padding": 1, "left_padding": 0, "target_height": 9, "target_width": 8},
        {"top_padding": 1, "bottom_padding": 1, "left_padding": 2, "right_padding": 0},
        {"top_padding": 1, "bottom_padding": 1, "left_padding": 2},
    )
    return (images,), {**edges, "data_format": data_format}


@makes("image.scale_and_translate")
def _scale_and_translate(d: Draw) -> Any:
    x = d.array((3, 4), "float32")
    scale, shift = d.array((2,), "float32", 0.8, 1.6), d.array((2,), "float32", -0.5, 0.5)
    method = d.pick("linear", "cubic", "lanczos3", "lanczos5")
    return (x, (5, 6), scale, shift, (0, 1), method), {"antialias": d.chance()}
