# Written by scripts/make_names.py.
from typing import Any
from typing import ClassVar

from kerasish.arguments import rules

from kerasish.elsewhere import FlaxLayer as FlaxLayer
from kerasish.elsewhere import JaxLayer as JaxLayer
from kerasish.elsewhere import TFSMLayer as TFSMLayer
from kerasish.elsewhere import TorchModuleWrapper as TorchModuleWrapper
from kerasish.layers.activation import ELU as ELU
from kerasish.layers.activation import LeakyReLU as LeakyReLU
from kerasish.layers.activation import PReLU as _PReLU
from kerasish.layers.activation import ReLU as ReLU
from kerasish.layers.activation import Softmax as Softmax
from kerasish.layers.attention import AdditiveAttention as _AdditiveAttention
from kerasish.layers.attention import Attention as _Attention
from kerasish.layers.augmentation.chains import AugMix as _AugMix
from kerasish.layers.augmentation.chains import Pipeline as Pipeline
from kerasish.layers.augmentation.chains import RandAugment as _RandAugment
from kerasish.layers.augmentation.chains import RandomColorJitter as _RandomColorJitter
from kerasish.layers.augmentation.colour import AutoContrast as _AutoContrast
from kerasish.layers.augmentation.colour import RandomBrightness as _RandomBrightness
from kerasish.layers.augmentation.colour import RandomColorDegeneration as _RandomColorDegeneration
from kerasish.layers.augmentation.colour import RandomContrast as _RandomContrast
from kerasish.layers.augmentation.colour import RandomGaussianBlur as _RandomGaussianBlur
from kerasish.layers.augmentation.colour import RandomGrayscale as _RandomGrayscale
from kerasish.layers.augmentation.colour import RandomHue as _RandomHue
from kerasish.layers.augmentation.colour import RandomInvert as _RandomInvert
from kerasish.layers.augmentation.colour import RandomPosterization as _RandomPosterization
from kerasish.layers.augmentation.colour import RandomSaturation as _RandomSaturation
from kerasish.layers.augmentation.colour import RandomSharpness as _RandomSharpness
from kerasish.layers.augmentation.colour import Solarization as _Solarization
from kerasish.layers.augmentation.geometry import RandomElasticTransform as _RandomElasticTransform
from kerasish.layers.augmentation.geometry import RandomFlip as _RandomFlip
from kerasish.layers.augmentation.geometry import RandomPerspective as _RandomPerspective
from kerasish.layers.augmentation.geometry import RandomRotation as _RandomRotation
from kerasish.layers.augmentation.geometry import RandomShear as _RandomShear
from kerasish.layers.augmentation.geometry import RandomTranslation as _RandomTranslation
from kerasish.layers.augmentation.geometry import RandomZoom as _RandomZoom
from kerasish.layers.augmentation.histograms import ContrastLimitedAdaptiveHistogramEqualization as _ContrastLimitedAdaptiveHistogramEqualization
from kerasish.layers.augmentation.histograms import Equalization as _Equalization
from kerasish.layers.augmentation.mixing import CutMix as _CutMix
from kerasish.layers.augmentation.mixing import MaxNumBoundingBoxes as _MaxNumBoundingBoxes
from kerasish.layers.augmentation.mixing import MixUp as _MixUp
from kerasish.layers.augmentation.mixing import RandomErasing as _RandomErasing
from kerasish.layers.augmentation.sizing import CenterCrop as _CenterCrop
from kerasish.layers.augmentation.sizing import RandomCrop as _RandomCrop
from kerasish.layers.augmentation.sizing import Resizing as _Resizing
from kerasish.layers.base.input_spec import InputSpec as InputSpec
from kerasish.layers.base.layer import Layer as Layer
from kerasish.layers.convolution import Conv1D as _Conv1D
from kerasish.layers.convolution import Conv1DTranspose as _Conv1DTranspose
from kerasish.layers.convolution import Conv2D as _Conv2D
from kerasish.layers.convolution import Conv2DTranspose as _Conv2DTranspose
from kerasish.layers.convolution import Conv3D as _Conv3D
from kerasish.layers.convolution import Conv3DTranspose as _Conv3DTranspose
from kerasish.layers.convolution import DepthwiseConv1D as _DepthwiseConv1D
from kerasish.layers.convolution import DepthwiseConv2D as _DepthwiseConv2D
from kerasish.layers.convolution import SeparableConv1D as _SeparableConv1D
from kerasish.layers.convolution import SeparableConv2D as _SeparableConv2D
from kerasish.layers.core import Activation as Activation
from kerasish.layers.core import Dense as _Dense
from kerasish.layers.core import Embedding as _Embedding
from kerasish.layers.core import Identity as Identity
from kerasish.layers.core import Lambda as Lambda
from kerasish.layers.core import Masking as Masking
from kerasish.layers.einsum_dense import EinsumDense as _EinsumDense
from kerasish.layers.input_layer import Input as Input
from kerasish.layers.input_layer import InputLayer as InputLayer
from kerasish.layers.merging import Add as Add
from kerasish.layers.merging import Average as Average
from kerasish.layers.merging import Concatenate as Concatenate
from kerasish.layers.merging import Dot as Dot
from kerasish.layers.merging import Maximum as Maximum
from kerasish.layers.merging import Minimum as Minimum
from kerasish.layers.merging import Multiply as Multiply
from kerasish.layers.merging import Subtract as Subtract
from kerasish.layers.merging import add as add
from kerasish.layers.merging import average as average
from kerasish.layers.merging import concatenate as concatenate
from kerasish.layers.merging import dot as dot
from kerasish.layers.merging import maximum as maximum
from kerasish.layers.merging import minimum as minimum
from kerasish.layers.merging import multiply as multiply
from kerasish.layers.merging import subtract as subtract
from kerasish.layers.multi_head_attention import GroupQueryAttention as _GroupQueryAttention
from kerasish.layers.multi_head_attention import MultiHeadAttention as _MultiHeadAttention
from kerasish.layers.normalization import BatchNormalization as _BatchNormalization
from kerasish.layers.normalization import GroupNormalization as _GroupNormalization
from kerasish.layers.normalization import LayerNormalization as _LayerNormalization
from kerasish.layers.normalization import RMSNormalization as RMSNormalization
from kerasish.layers.normalization import SpectralNormalization as SpectralNormalization
from kerasish.layers.normalization import UnitNormalization as UnitNormalization
from kerasish.layers.pooling import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from kerasish.layers.pooling import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from kerasish.layers.pooling import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from kerasish.layers.pooling import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from kerasish.layers.pooling import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from kerasish.layers.pooling import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from kerasish.layers.pooling import AveragePooling1D as AveragePooling1D
from kerasish.layers.pooling import AveragePooling2D as AveragePooling2D
from kerasish.layers.pooling import AveragePooling3D as AveragePooling3D
from kerasish.layers.pooling import GlobalAveragePooling1D as GlobalAveragePooling1D
from kerasish.layers.pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
from kerasish.layers.pooling import GlobalAveragePooling3D as GlobalAveragePooling3D
from kerasish.layers.pooling import GlobalMaxPooling1D as GlobalMaxPooling1D
from kerasish.layers.pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
from kerasish.layers.pooling import GlobalMaxPooling3D as GlobalMaxPooling3D
from kerasish.layers.pooling import MaxPooling1D as MaxPooling1D
from kerasish.layers.pooling import MaxPooling2D as MaxPooling2D
from kerasish.layers.pooling import MaxPooling3D as MaxPooling3D
from kerasish.layers.preprocessing.columns import FillMissing as FillMissing
from kerasish.layers.preprocessing.columns import ValueMap as ValueMap
from kerasish.layers.preprocessing.dates import DateFeatures as DateFeatures
from kerasish.layers.preprocessing.hashing import HashedCrossing as HashedCrossing
from kerasish.layers.preprocessing.hashing import Hashing as Hashing
from kerasish.layers.preprocessing.lookup import IntegerLookup as _IntegerLookup
from kerasish.layers.preprocessing.lookup import StringLookup as StringLookup
from kerasish.layers.preprocessing.numbers import CategoryEncoding as CategoryEncoding
from kerasish.layers.preprocessing.numbers import Discretization as Discretization
from kerasish.layers.preprocessing.numbers import Normalization as Normalization
from kerasish.layers.preprocessing.numbers import Rescaling as Rescaling
from kerasish.layers.preprocessing.rows import EachRow as EachRow
from kerasish.layers.preprocessing.spectrograms import MelSpectrogram as MelSpectrogram
from kerasish.layers.preprocessing.spectrograms import STFTSpectrogram as STFTSpectrogram
from kerasish.layers.preprocessing.text_vectorization import TextVectorization as _TextVectorization
from kerasish.layers.recurrent.cells import GRUCell as _GRUCell
from kerasish.layers.recurrent.cells import LSTMCell as _LSTMCell
from kerasish.layers.recurrent.cells import SimpleRNNCell as _SimpleRNNCell
from kerasish.layers.recurrent.conv_lstm import ConvLSTM1D as _ConvLSTM1D
from kerasish.layers.recurrent.conv_lstm import ConvLSTM2D as _ConvLSTM2D
from kerasish.layers.recurrent.conv_lstm import ConvLSTM3D as _ConvLSTM3D
from kerasish.layers.recurrent.rnn import RNN as _RNN
from kerasish.layers.recurrent.rnn import StackedRNNCells as StackedRNNCells
from kerasish.layers.recurrent.sequences import GRU as _GRU
from kerasish.layers.recurrent.sequences import LSTM as _LSTM
from kerasish.layers.recurrent.sequences import SimpleRNN as _SimpleRNN
from kerasish.layers.regularization import ActivityRegularization as ActivityRegularization
from kerasish.layers.regularization import AlphaDropout as AlphaDropout
from kerasish.layers.regularization import Dropout as Dropout
from kerasish.layers.regularization import GaussianDropout as GaussianDropout
from kerasish.layers.regularization import GaussianNoise as GaussianNoise
from kerasish.layers.regularization import SpatialDropout1D as SpatialDropout1D
from kerasish.layers.regularization import SpatialDropout2D as SpatialDropout2D
from kerasish.layers.regularization import SpatialDropout3D as SpatialDropout3D
from kerasish.layers.reshaping import Cropping1D as Cropping1D
from kerasish.layers.reshaping import Cropping2D as Cropping2D
from kerasish.layers.reshaping import Cropping3D as Cropping3D
from kerasish.layers.reshaping import Flatten as Flatten
from kerasish.layers.reshaping import Permute as Permute
from kerasish.layers.reshaping import RepeatVector as RepeatVector
from kerasish.layers.reshaping import Reshape as Reshape
from kerasish.layers.reshaping import UpSampling1D as UpSampling1D
from kerasish.layers.reshaping import UpSampling2D as UpSampling2D
from kerasish.layers.reshaping import UpSampling3D as UpSampling3D
from kerasish.layers.reshaping import ZeroPadding1D as ZeroPadding1D
from kerasish.layers.reshaping import ZeroPadding2D as ZeroPadding2D
from kerasish.layers.reshaping import ZeroPadding3D as ZeroPadding3D
from kerasish.layers.wrappers import Bidirectional as Bidirectional
from kerasish.layers.wrappers import TimeDistributed as TimeDistributed
from kerasish.layers.wrappers import Wrapper as Wrapper
from kerasish.ops.operation import Operation as Operation
from kerasish.arguments.fields import Fields

__all__: list[str]
class _OfPReLU(Fields):
    alpha_initializer: rules.Initializer = 'Zeros'
    alpha_regularizer: rules.Regularizer = None
    alpha_constraint: rules.Constraint = None
    shared_axes: rules.IntOrTuple | None = None
class PReLU(_PReLU, _OfPReLU): ...
class _OfAdditiveAttention(Fields):
    use_scale: bool = True
    dropout: rules.Rate = 0.0
    seed: int | None = None
class AdditiveAttention(_AdditiveAttention, _OfAdditiveAttention):
    use_scale: bool = True
class _OfAttention(Fields):
    use_scale: bool = False
    score_mode: str = 'dot'
    dropout: rules.Rate = 0.0
    seed: int | None = None
class Attention(_Attention, _OfAttention):
    use_scale: bool = False
    score_mode: str = 'dot'
class _OfAugMix(Fields):
    value_range: Any = (0, 255)
    num_chains: rules.PositiveInt = 3
    chain_depth: rules.PositiveInt = 3
    factor: Any = 0.3
    alpha: float = 1.0
    all_ops: bool = True
    interpolation: str = 'bilinear'
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class AugMix(_AugMix, _OfAugMix):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandAugment(Fields):
    value_range: Any = (0, 255)
    num_ops: int = 2
    factor: Any = 0.5
    interpolation: str = 'bilinear'
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandAugment(_RandAugment, _OfRandAugment):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomColorJitter(Fields):
    value_range: Any = (0, 255)
    brightness_factor: rules.Numbers = None
    contrast_factor: rules.Numbers = None
    saturation_factor: rules.Numbers = None
    hue_factor: rules.Numbers = None
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomColorJitter(_RandomColorJitter, _OfRandomColorJitter):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfAutoContrast(Fields):
    value_range: Any = (0, 255)
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class AutoContrast(_AutoContrast, _OfAutoContrast):
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomBrightness(Fields):
    factor: Any
    value_range: Any = (0, 255)
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomBrightness(_RandomBrightness, _OfRandomBrightness):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomColorDegeneration(Fields):
    factor: Any
    value_range: Any = (0, 255)
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class RandomColorDegeneration(_RandomColorDegeneration, _OfRandomColorDegeneration):
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class RandomContrast(_RandomContrast, _OfRandomBrightness):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomGaussianBlur(Fields):
    factor: Any = 1.0
    kernel_size: Any = 3
    sigma: Any = 1.0
    value_range: Any = (0, 255)
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class RandomGaussianBlur(_RandomGaussianBlur, _OfRandomGaussianBlur):
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class _OfRandomGrayscale(Fields):
    factor: rules.Rate = 0.5
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class RandomGrayscale(_RandomGrayscale, _OfRandomGrayscale):
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class RandomHue(_RandomHue, _OfRandomColorDegeneration):
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class RandomInvert(_RandomInvert, _OfRandomBrightness):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomPosterization(_RandomPosterization, _OfRandomColorDegeneration):
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class RandomSaturation(_RandomSaturation, _OfRandomColorDegeneration):
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class RandomSharpness(_RandomSharpness, _OfRandomColorDegeneration):
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class _OfSolarization(Fields):
    addition_factor: Any = 0.0
    threshold_factor: Any = 0.0
    value_range: Any = (0, 255)
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class Solarization(_Solarization, _OfSolarization):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomElasticTransform(Fields):
    factor: Any = 1.0
    scale: Any = 1.0
    interpolation: str = 'bilinear'
    fill_mode: str = 'reflect'
    fill_value: float = 0.0
    value_range: Any = (0, 255)
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomElasticTransform(_RandomElasticTransform, _OfRandomElasticTransform):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomFlip(Fields):
    mode: str = 'horizontal_and_vertical'
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomFlip(_RandomFlip, _OfRandomFlip):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomPerspective(Fields):
    factor: Any = 1.0
    scale: rules.Rate = 1.0
    interpolation: str = 'bilinear'
    fill_value: float = 0.0
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomPerspective(_RandomPerspective, _OfRandomPerspective):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomRotation(Fields):
    factor: Any
    fill_mode: str = 'reflect'
    interpolation: str = 'bilinear'
    seed: int | None = None
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomRotation(_RandomRotation, _OfRandomRotation):
    factor: Any
    fill_mode: str = 'reflect'
    interpolation: str = 'bilinear'
    seed: int | None = None
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomShear(Fields):
    x_factor: Any = 0.0
    y_factor: Any = 0.0
    interpolation: str = 'bilinear'
    fill_mode: str = 'reflect'
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class RandomShear(_RandomShear, _OfRandomShear):
    x_factor: Any = 0.0
    y_factor: Any = 0.0
    interpolation: str = 'bilinear'
    fill_mode: str = 'reflect'
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class _OfRandomTranslation(Fields):
    height_factor: Any
    width_factor: Any
    fill_mode: str = 'reflect'
    interpolation: str = 'bilinear'
    seed: int | None = None
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomTranslation(_RandomTranslation, _OfRandomTranslation):
    height_factor: Any
    width_factor: Any
    fill_mode: str = 'reflect'
    interpolation: str = 'bilinear'
    seed: int | None = None
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomZoom(_RandomZoom, _OfRandomTranslation):
    height_factor: Any
    width_factor: Any = None
    fill_mode: str = 'reflect'
    interpolation: str = 'bilinear'
    seed: int | None = None
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfContrastLimitedAdaptiveHistogramEqualization(Fields):
    value_range: Any = (0, 255)
    clip_limit: float = 4.0
    tile_grid_size: Any = (8, 8)
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class ContrastLimitedAdaptiveHistogramEqualization(_ContrastLimitedAdaptiveHistogramEqualization, _OfContrastLimitedAdaptiveHistogramEqualization):
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfEqualization(Fields):
    value_range: Any = (0, 255)
    bins: rules.PositiveInt = 256
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class Equalization(_Equalization, _OfEqualization):
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfCutMix(Fields):
    factor: Any = 1.0
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class CutMix(_CutMix, _OfCutMix):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfMaxNumBoundingBoxes(Fields):
    max_number: rules.PositiveInt
    fill_value: int = -1
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class MaxNumBoundingBoxes(_MaxNumBoundingBoxes, _OfMaxNumBoundingBoxes):
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfMixUp(Fields):
    alpha: float = 0.2
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class MixUp(_MixUp, _OfMixUp):
    data_format: rules.DataFormat = None
    seed: int | None = None
    bounding_box_format: str | None = None
class _OfRandomErasing(Fields):
    factor: Any = 1.0
    scale: Any = (0.02, 0.33)
    fill_value: Any = None
    value_range: Any = (0, 255)
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomErasing(_RandomErasing, _OfRandomErasing):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfCenterCrop(Fields):
    height: rules.PositiveInt
    width: rules.PositiveInt
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class CenterCrop(_CenterCrop, _OfCenterCrop):
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfRandomCrop(Fields):
    height: rules.PositiveInt
    width: rules.PositiveInt
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class RandomCrop(_RandomCrop, _OfRandomCrop):
    seed: int | None = None
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfResizing(Fields):
    height: rules.PositiveInt
    width: rules.PositiveInt
    interpolation: rules.Interpolation = 'bilinear'
    crop_to_aspect_ratio: bool = False
    pad_to_aspect_ratio: bool = False
    fill_mode: str = 'constant'
    fill_value: float = 0.0
    antialias: bool = False
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class Resizing(_Resizing, _OfResizing):
    data_format: rules.DataFormat = None
    bounding_box_format: str | None = None
class _OfConv1D(Fields):
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = 1
    padding: rules.CausalPaddingMode = 'valid'
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = 1
    groups: rules.PositiveInt = 1
    activation: rules.Activation = None
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
class Conv1D(_Conv1D, _OfConv1D):
    """Convolution over one axis, such as time: activation(x * kernel + bias): each output channel sees a window of its group's channels.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" for windows inside the input, "same" for padding with zeros.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        groups: into how many groups the channels are split.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
    """
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    groups: rules.PositiveInt = 1
class _OfConv1DTranspose(Fields):
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = 1
    padding: rules.PaddingMode = 'valid'
    output_padding: rules.IntOrTuple | None = None
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = 1
    activation: rules.Activation = None
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
class Conv1DTranspose(_Conv1DTranspose, _OfConv1DTranspose):
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    output_padding: rules.IntOrTuple | None = None
class Conv2D(_Conv2D, _OfConv1D):
    """Convolution over two axes, such as images: activation(x * kernel + bias): each output channel sees a window of its group's channels.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" for windows inside the input, "same" for padding with zeros.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        groups: into how many groups the channels are split.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
    """
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    groups: rules.PositiveInt = 1
class Conv2DTranspose(_Conv2DTranspose, _OfConv1DTranspose):
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    output_padding: rules.IntOrTuple | None = None
class Conv3D(_Conv3D, _OfConv1D):
    """Convolution over three axes, such as volumes: activation(x * kernel + bias): each output channel sees a window of its group's channels.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" for windows inside the input, "same" for padding with zeros.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        groups: into how many groups the channels are split.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
    """
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    groups: rules.PositiveInt = 1
class _OfConv3DTranspose(Fields):
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = (1, 1, 1)
    padding: rules.PaddingMode = 'valid'
    data_format: rules.DataFormat = None
    output_padding: rules.IntOrTuple | None = None
    dilation_rate: rules.IntOrTuple = (1, 1, 1)
    activation: rules.Activation = None
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
class Conv3DTranspose(_Conv3DTranspose, _OfConv3DTranspose):
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    output_padding: rules.IntOrTuple | None = None
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
class _OfDepthwiseConv1D(Fields):
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = 1
    padding: rules.PaddingMode = 'valid'
    depth_multiplier: rules.PositiveInt = 1
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = 1
    activation: rules.Activation = None
    use_bias: bool = True
    depthwise_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    depthwise_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    depthwise_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
class DepthwiseConv1D(_DepthwiseConv1D, _OfDepthwiseConv1D):
    _r: ClassVar[Any]
    depth_multiplier: rules.PositiveInt = 1
class DepthwiseConv2D(_DepthwiseConv2D, _OfDepthwiseConv1D):
    _r: ClassVar[Any]
    depth_multiplier: rules.PositiveInt = 1
class _OfSeparableConv1D(Fields):
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = 1
    padding: rules.PaddingMode = 'valid'
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = 1
    depth_multiplier: rules.PositiveInt = 1
    activation: rules.Activation = None
    use_bias: bool = True
    depthwise_initializer: rules.Initializer = 'glorot_uniform'
    pointwise_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    depthwise_regularizer: rules.Regularizer = None
    pointwise_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    depthwise_constraint: rules.Constraint = None
    pointwise_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
class SeparableConv1D(_SeparableConv1D, _OfSeparableConv1D):
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    depth_multiplier: rules.PositiveInt = 1
class SeparableConv2D(_SeparableConv2D, _OfSeparableConv1D):
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    depth_multiplier: rules.PositiveInt = 1
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
class _OfDense(Fields):
    units: rules.PositiveInt
    activation: rules.Activation = None
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
class Dense(_Dense, _OfDense):
    _r: ClassVar[Any]
class _OfEmbedding(Fields):
    input_dim: rules.PositiveInt
    output_dim: rules.PositiveInt
    embeddings_initializer: rules.Initializer = 'uniform'
    embeddings_regularizer: rules.Regularizer = None
    embeddings_constraint: rules.Constraint = None
    mask_zero: bool = False
class Embedding(_Embedding, _OfEmbedding):
    _i: ClassVar[Any]
class _OfEinsumDense(Fields):
    equation: str
    output_shape: rules.PartialShape
    activation: rules.Activation = None
    bias_axes: str | None = None
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
class EinsumDense(_EinsumDense, _OfEinsumDense): ...
class _OfGroupQueryAttention(Fields):
    head_dim: rules.PositiveInt
    num_query_heads: rules.PositiveInt
    num_key_value_heads: rules.PositiveInt
    dropout: rules.Rate = 0.0
    use_bias: bool = True
    sliding_window: rules.PositiveInt | None = None
    flash_attention: bool | None = None
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
    use_gate: bool = False
    seed: int | None = None
class GroupQueryAttention(_GroupQueryAttention, _OfGroupQueryAttention):
    _r: ClassVar[Any]
    head_dim: rules.PositiveInt
    num_query_heads: rules.PositiveInt
    num_key_value_heads: rules.PositiveInt
GroupedQueryAttention = GroupQueryAttention
class _OfMultiHeadAttention(Fields):
    num_heads: rules.PositiveInt
    key_dim: rules.PositiveInt
    value_dim: rules.PositiveInt | None = None
    dropout: rules.Rate = 0.0
    use_bias: bool = True
    output_shape: rules.IntOrTuple | None = None
    attention_axes: rules.IntOrTuple | None = None
    sliding_window: rules.PositiveInt | None = None
    flash_attention: bool | None = None
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
    use_gate: bool = False
    seed: int | None = None
class MultiHeadAttention(_MultiHeadAttention, _OfMultiHeadAttention):
    _r: ClassVar[Any]
    num_heads: rules.PositiveInt
    key_dim: rules.PositiveInt
    value_dim: rules.PositiveInt | None = None
    output_shape: rules.IntOrTuple | None = None
    attention_axes: rules.IntOrTuple | None = None
class _OfBatchNormalization(Fields):
    axis: int = -1
    momentum: rules.Rate = 0.99
    epsilon: float = 0.001
    center: bool = True
    scale: bool = True
    beta_initializer: rules.Initializer = 'zeros'
    gamma_initializer: rules.Initializer = 'ones'
    moving_mean_initializer: rules.Initializer = 'zeros'
    moving_variance_initializer: rules.Initializer = 'ones'
    beta_regularizer: rules.Regularizer = None
    gamma_regularizer: rules.Regularizer = None
    beta_constraint: rules.Constraint = None
    gamma_constraint: rules.Constraint = None
    renorm: bool = False
    renorm_clipping: dict | None = None
    renorm_momentum: float = 0.99
class BatchNormalization(_BatchNormalization, _OfBatchNormalization):
    axis: int = -1
    momentum: rules.Rate = 0.99
    moving_mean_initializer: rules.Initializer = 'zeros'
    moving_variance_initializer: rules.Initializer = 'ones'
class _OfGroupNormalization(Fields):
    groups: rules.GroupCount = 32
    axis: int = -1
    epsilon: float = 0.001
    center: bool = True
    scale: bool = True
    beta_initializer: rules.Initializer = 'zeros'
    gamma_initializer: rules.Initializer = 'ones'
    beta_regularizer: rules.Regularizer = None
    gamma_regularizer: rules.Regularizer = None
    beta_constraint: rules.Constraint = None
    gamma_constraint: rules.Constraint = None
class GroupNormalization(_GroupNormalization, _OfGroupNormalization):
    groups: rules.GroupCount = 32
    axis: int = -1
class _OfLayerNormalization(Fields):
    axis: rules.IntOrTuple = -1
    epsilon: float = 0.001
    center: bool = True
    scale: bool = True
    beta_initializer: rules.Initializer = 'zeros'
    gamma_initializer: rules.Initializer = 'ones'
    beta_regularizer: rules.Regularizer = None
    gamma_regularizer: rules.Regularizer = None
    beta_constraint: rules.Constraint = None
    gamma_constraint: rules.Constraint = None
    rms_scaling: bool = False
class LayerNormalization(_LayerNormalization, _OfLayerNormalization):
    axis: rules.IntOrTuple = -1
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
class _OfIntegerLookup(Fields):
    max_tokens: rules.PositiveInt | None = None
    num_oov_indices: int = 1
    mask_token: int | None = None
    oov_token: int = -1
    vocabulary: rules.Token = None
    vocabulary_dtype: str = 'int64'
    idf_weights: rules.NumberList = None
    invert: bool = False
    output_mode: str = 'int'
    pad_to_max_tokens: bool = False
    oov_method: str = 'floormod'
    salt: rules.Axis = None
class IntegerLookup(_IntegerLookup, _OfIntegerLookup):
    vocabulary_dtype: str = 'int64'
class _OfTextVectorization(Fields):
    max_tokens: rules.PositiveInt | None = None
    standardize: Any = 'lower_and_strip_punctuation'
    split: Any = 'whitespace'
    ngrams: rules.Axis = None
    output_mode: str = 'int'
    output_sequence_length: rules.PositiveInt | None = None
    pad_to_max_tokens: bool = False
    vocabulary: rules.Token = None
    idf_weights: rules.NumberList = None
    encoding: str = 'utf-8'
class TextVectorization(_TextVectorization, _OfTextVectorization):
    standardize: Any = 'lower_and_strip_punctuation'
    split: Any = 'whitespace'
    ngrams: rules.Axis = None
    output_mode: str = 'int'
    output_sequence_length: rules.PositiveInt | None = None
    pad_to_max_tokens: bool = False
class _OfGRUCell(Fields):
    units: rules.PositiveInt
    activation: rules.Activation = 'tanh'
    recurrent_activation: rules.Activation = 'sigmoid'
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    recurrent_initializer: rules.Initializer = 'orthogonal'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    recurrent_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    recurrent_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
    dropout: rules.Rate = 0.0
    recurrent_dropout: rules.Rate = 0.0
    reset_after: bool = True
    seed: int | None = None
class GRUCell(_GRUCell, _OfGRUCell):
    units: rules.PositiveInt
    recurrent_activation: rules.Activation = 'sigmoid'
    reset_after: bool = True
class _OfLSTMCell(Fields):
    units: rules.PositiveInt
    activation: rules.Activation = 'tanh'
    recurrent_activation: rules.Activation = 'sigmoid'
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    recurrent_initializer: rules.Initializer = 'orthogonal'
    bias_initializer: rules.Initializer = 'zeros'
    unit_forget_bias: bool = True
    kernel_regularizer: rules.Regularizer = None
    recurrent_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    recurrent_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
    dropout: rules.Rate = 0.0
    recurrent_dropout: rules.Rate = 0.0
    seed: int | None = None
class LSTMCell(_LSTMCell, _OfLSTMCell):
    units: rules.PositiveInt
    recurrent_activation: rules.Activation = 'sigmoid'
    unit_forget_bias: bool = True
class _OfSimpleRNNCell(Fields):
    units: rules.PositiveInt
    activation: rules.Activation = 'tanh'
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    recurrent_initializer: rules.Initializer = 'orthogonal'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    recurrent_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    recurrent_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
    dropout: rules.Rate = 0.0
    recurrent_dropout: rules.Rate = 0.0
    seed: int | None = None
class SimpleRNNCell(_SimpleRNNCell, _OfSimpleRNNCell):
    units: rules.PositiveInt
class _OfConvLSTM1D(Fields):
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = 1
    padding: rules.PaddingMode = 'valid'
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = 1
    activation: rules.Activation = 'tanh'
    recurrent_activation: rules.Activation = 'sigmoid'
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    recurrent_initializer: rules.Initializer = 'orthogonal'
    bias_initializer: rules.Initializer = 'zeros'
    unit_forget_bias: bool = True
    kernel_regularizer: rules.Regularizer = None
    recurrent_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    recurrent_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
    dropout: rules.Rate = 0.0
    recurrent_dropout: rules.Rate = 0.0
    seed: int | None = None
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
class ConvLSTM1D(_ConvLSTM1D, _OfConvLSTM1D):
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = 1
    padding: rules.PaddingMode = 'valid'
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = 1
    recurrent_activation: rules.Activation = 'sigmoid'
    unit_forget_bias: bool = True
    activity_regularizer: rules.Regularizer = None
class ConvLSTM2D(_ConvLSTM2D, _OfConvLSTM1D):
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = 1
    padding: rules.PaddingMode = 'valid'
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = 1
    recurrent_activation: rules.Activation = 'sigmoid'
    unit_forget_bias: bool = True
    activity_regularizer: rules.Regularizer = None
class ConvLSTM3D(_ConvLSTM3D, _OfConvLSTM1D):
    _r: ClassVar[Any]
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = 1
    padding: rules.PaddingMode = 'valid'
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = 1
    recurrent_activation: rules.Activation = 'sigmoid'
    unit_forget_bias: bool = True
    activity_regularizer: rules.Regularizer = None
class _OfRNN(Fields):
    cell: Any
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    unroll: bool = False
    zero_output_for_mask: bool = False
class RNN(_RNN, _OfRNN):
    cell: Any
class _OfGRU(Fields):
    units: rules.PositiveInt
    activation: rules.Activation = 'tanh'
    recurrent_activation: rules.Activation = 'sigmoid'
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    recurrent_initializer: rules.Initializer = 'orthogonal'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    recurrent_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    recurrent_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
    dropout: rules.Rate = 0.0
    recurrent_dropout: rules.Rate = 0.0
    seed: int | None = None
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    unroll: bool = False
    reset_after: bool = True
    use_cudnn: rules.OrAuto = 'auto'
    zero_output_for_mask: bool = False
class GRU(_GRU, _OfGRU):
    """Gated recurrent unit over a sequence.

    Args:
        units: size of state and output.
        activation: of the candidate.
        recurrent_activation: of the gates.
        reset_after: whether the reset gate acts after the product with the state.
        use_cudnn: kept for compatibility; the compiler chooses the kernel.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer:
            penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        seed: int, for the same draws every time.
        return_sequences: whether all outputs are returned, or the last one.
        return_state: whether the last states are returned too.
        go_backwards: whether the sequence is run through from its end.
        stateful: whether a batch goes on from the states that the one before left.
        unroll: whether the graph repeats the cell for every step.
        zero_output_for_mask: whether masked steps give zeros, or the output before.

    Source: Cho et al. (2014).
    """
    _r: ClassVar[Any]
    units: rules.PositiveInt
    recurrent_activation: rules.Activation = 'sigmoid'
    activity_regularizer: rules.Regularizer = None
    reset_after: bool = True
    use_cudnn: rules.OrAuto = 'auto'
class _OfLSTM(Fields):
    units: rules.PositiveInt
    activation: rules.Activation = 'tanh'
    recurrent_activation: rules.Activation = 'sigmoid'
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    recurrent_initializer: rules.Initializer = 'orthogonal'
    bias_initializer: rules.Initializer = 'zeros'
    unit_forget_bias: bool = True
    kernel_regularizer: rules.Regularizer = None
    recurrent_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    recurrent_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
    dropout: rules.Rate = 0.0
    recurrent_dropout: rules.Rate = 0.0
    seed: int | None = None
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    unroll: bool = False
    use_cudnn: rules.OrAuto = 'auto'
    zero_output_for_mask: bool = False
class LSTM(_LSTM, _OfLSTM):
    """Long short-term memory over a sequence.

    Args:
        units: size of states and output.
        activation: of the candidate and the cell state.
        recurrent_activation: of the gates.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        use_cudnn: kept for compatibility; the compiler chooses the kernel.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer:
            penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        seed: int, for the same draws every time.
        return_sequences: whether all outputs are returned, or the last one.
        return_state: whether the last states are returned too.
        go_backwards: whether the sequence is run through from its end.
        stateful: whether a batch goes on from the states that the one before left.
        unroll: whether the graph repeats the cell for every step.
        zero_output_for_mask: whether masked steps give zeros, or the output before.

    Source: Hochreiter and Schmidhuber (1997).
    """
    _r: ClassVar[Any]
    units: rules.PositiveInt
    recurrent_activation: rules.Activation = 'sigmoid'
    unit_forget_bias: bool = True
    activity_regularizer: rules.Regularizer = None
    use_cudnn: rules.OrAuto = 'auto'
class _OfSimpleRNN(Fields):
    units: rules.PositiveInt
    activation: rules.Activation = 'tanh'
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    recurrent_initializer: rules.Initializer = 'orthogonal'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    recurrent_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    recurrent_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
    dropout: rules.Rate = 0.0
    recurrent_dropout: rules.Rate = 0.0
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    unroll: bool = False
    seed: int | None = None
    zero_output_for_mask: bool = False
class SimpleRNN(_SimpleRNN, _OfSimpleRNN):
    """h' = activation(x kernel + h recurrent_kernel + bias), over a sequence.

    Args:
        units: size of state and output.
        activation: name or function.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer:
            penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        seed: int, for the same draws every time.
        return_sequences: whether all outputs are returned, or the last one.
        return_state: whether the last states are returned too.
        go_backwards: whether the sequence is run through from its end.
        stateful: whether a batch goes on from the states that the one before left.
        unroll: whether the graph repeats the cell for every step.
        zero_output_for_mask: whether masked steps give zeros, or the output before.

    """
    _r: ClassVar[Any]
    units: rules.PositiveInt
    activity_regularizer: rules.Regularizer = None
    seed: int | None = None
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def serialize(layer: Any) -> Any: ...
