# Written by scripts/make_names.py.
from typing import Any
from typing import ClassVar

from kerasish.arguments import rules

from kerasish.layers.activation import ELU as ELU
from kerasish.layers.activation import LeakyReLU as LeakyReLU
from kerasish.layers.activation import PReLU as _PReLU
from kerasish.layers.activation import ReLU as ReLU
from kerasish.layers.activation import Softmax as Softmax
from kerasish.layers.attention import AdditiveAttention as _AdditiveAttention
from kerasish.layers.attention import Attention as _Attention
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
from kerasish.layers.preprocessing.augmentation import CenterCrop as CenterCrop
from kerasish.layers.preprocessing.augmentation import RandomBrightness as _RandomBrightness
from kerasish.layers.preprocessing.augmentation import RandomContrast as _RandomContrast
from kerasish.layers.preprocessing.augmentation import RandomCrop as _RandomCrop
from kerasish.layers.preprocessing.augmentation import RandomFlip as _RandomFlip
from kerasish.layers.preprocessing.augmentation import RandomRotation as _RandomRotation
from kerasish.layers.preprocessing.augmentation import RandomShear as _RandomShear
from kerasish.layers.preprocessing.augmentation import RandomTranslation as _RandomTranslation
from kerasish.layers.preprocessing.augmentation import RandomZoom as _RandomZoom
from kerasish.layers.preprocessing.augmentation import Resizing as Resizing
from kerasish.layers.preprocessing.lookup import IntegerLookup as _IntegerLookup
from kerasish.layers.preprocessing.lookup import StringLookup as StringLookup
from kerasish.layers.preprocessing.numbers import CategoryEncoding as CategoryEncoding
from kerasish.layers.preprocessing.numbers import Discretization as Discretization
from kerasish.layers.preprocessing.numbers import Normalization as Normalization
from kerasish.layers.preprocessing.numbers import Rescaling as Rescaling
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
from kerasish.layers.reshaping import ZeroPadding1D as ZeroPadding1D
from kerasish.layers.reshaping import ZeroPadding2D as ZeroPadding2D
from kerasish.layers.reshaping import ZeroPadding3D as ZeroPadding3D
from kerasish.layers.upsampling import UpSampling1D as UpSampling1D
from kerasish.layers.upsampling import UpSampling2D as UpSampling2D
from kerasish.layers.upsampling import UpSampling3D as UpSampling3D
from kerasish.layers.wrappers import Bidirectional as Bidirectional
from kerasish.layers.wrappers import TimeDistributed as TimeDistributed
from kerasish.layers.wrappers import Wrapper as Wrapper
from kerasish.ops.operation import Operation as Operation

__all__: list[str]
class _PReLUBare(_PReLU):
    shared_axes: ClassVar[Any]
class PReLU(_PReLUBare):
    """x where x > 0, else alpha * x, with learned slopes alpha.

    Args:
        alpha_initializer: initial slopes.
        alpha_regularizer: penalty on the slopes.
        alpha_constraint: applied after each update.
        shared_axes: axes along which slopes are shared.

    Source: He et al., Delving Deep into Rectifiers (2015).
    """
    alpha_initializer: rules.Initializer = 'Zeros'
    alpha_regularizer: rules.Regularizer = None
    alpha_constraint: rules.Constraint = None
    shared_axes: rules.IntOrTuple | None = None
class _AdditiveAttentionBare(_AdditiveAttention):
    dropout: ClassVar[Any]
    seed: ClassVar[Any]
    use_scale: ClassVar[Any]
class AdditiveAttention(_AdditiveAttentionBare):
    """Scores are sum(scale * tanh(query + key)).

    Args:
        use_scale: whether features are weighted by a learned vector.
        dropout: share of attention weights that are zero while training.
        seed: int, for the same draws every time.

    Source: Bahdanau et al., Neural Machine Translation by Jointly Learning to Align (2015).
    """
    use_scale: bool = True
    dropout: rules.Rate = 0.0
    seed: int | None = None
class _AttentionBare(_Attention):
    dropout: ClassVar[Any]
    seed: ClassVar[Any]
    use_scale: ClassVar[Any]
    score_mode: ClassVar[Any]
class Attention(_AttentionBare):
    """Scores are scalar products of queries and keys (or a learned sum of tanh).

    Args:
        use_scale: whether scores are multiplied by a learned scalar.
        score_mode: "dot", or "concat" for v * sum(tanh(query + key)).
        dropout: share of attention weights that are zero while training.
        seed: int, for the same draws every time.

    Source: Luong et al., Effective Approaches to Attention (2015).
    """
    use_scale: bool = False
    score_mode: str = 'dot'
    dropout: rules.Rate = 0.0
    seed: int | None = None
class _Conv1DBare(_Conv1D):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    filters: ClassVar[Any]
    groups: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class Conv1D(_Conv1DBare):
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
class _Conv1DTransposeBare(_Conv1DTranspose):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    filters: ClassVar[Any]
    output_padding: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class Conv1DTranspose(_Conv1DTransposeBare):
    """The transpose of a convolution: each input element adds its window to the output.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window in the output.
        padding: "valid" or "same", that of the convolution it transposes.
        output_padding: further elements at the end of the output; None follows from the others.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
    """
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
class _Conv2DBare(_Conv2D):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    filters: ClassVar[Any]
    groups: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class Conv2D(_Conv2DBare):
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
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = (1, 1)
    padding: rules.PaddingMode = 'valid'
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = (1, 1)
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
class _Conv2DTransposeBare(_Conv2DTranspose):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    filters: ClassVar[Any]
    output_padding: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class Conv2DTranspose(_Conv2DTransposeBare):
    """The transpose of a convolution: each input element adds its window to the output.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window in the output.
        padding: "valid" or "same", that of the convolution it transposes.
        output_padding: further elements at the end of the output; None follows from the others.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
    """
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = (1, 1)
    padding: rules.PaddingMode = 'valid'
    output_padding: rules.IntOrTuple | None = None
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = (1, 1)
    activation: rules.Activation = None
    use_bias: bool = True
    kernel_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    kernel_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    kernel_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
class _Conv3DBare(_Conv3D):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    filters: ClassVar[Any]
    groups: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class Conv3D(_Conv3DBare):
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
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = (1, 1, 1)
    padding: rules.PaddingMode = 'valid'
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = (1, 1, 1)
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
class _Conv3DTransposeBare(_Conv3DTranspose):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    filters: ClassVar[Any]
    output_padding: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class Conv3DTranspose(_Conv3DTransposeBare):
    """The transpose of a convolution: each input element adds its window to the output.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window in the output.
        padding: "valid" or "same", that of the convolution it transposes.
        output_padding: further elements at the end of the output; None follows from the others.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
    """
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
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
class _DepthwiseConv1DBare(_DepthwiseConv1D):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    depth_multiplier: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class DepthwiseConv1D(_DepthwiseConv1DBare):
    """A convolution of every input channel by itself, into `depth_multiplier` output channels.

    Args:
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same".
        depth_multiplier: output channels per input channel.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: name or function.
        use_bias: whether to add a bias.
        depthwise_initializer, bias_initializer: initial values.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties.
        depthwise_constraint, bias_constraint: applied after each update.
    """
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
class _DepthwiseConv2DBare(_DepthwiseConv2D):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    depth_multiplier: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class DepthwiseConv2D(_DepthwiseConv2DBare):
    """A convolution of every input channel by itself, into `depth_multiplier` output channels.

    Args:
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same".
        depth_multiplier: output channels per input channel.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: name or function.
        use_bias: whether to add a bias.
        depthwise_initializer, bias_initializer: initial values.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties.
        depthwise_constraint, bias_constraint: applied after each update.
    """
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = (1, 1)
    padding: rules.PaddingMode = 'valid'
    depth_multiplier: rules.PositiveInt = 1
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = (1, 1)
    activation: rules.Activation = None
    use_bias: bool = True
    depthwise_initializer: rules.Initializer = 'glorot_uniform'
    bias_initializer: rules.Initializer = 'zeros'
    depthwise_regularizer: rules.Regularizer = None
    bias_regularizer: rules.Regularizer = None
    activity_regularizer: rules.Regularizer = None
    depthwise_constraint: rules.Constraint = None
    bias_constraint: rules.Constraint = None
class _SeparableConv1DBare(_SeparableConv1D):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    filters: ClassVar[Any]
    depth_multiplier: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class SeparableConv1D(_SeparableConv1DBare):
    """A depthwise convolution, then one of window size 1 that mixes the channels.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        depth_multiplier: channels per input channel in between.
        activation: name or function.
        use_bias: whether to add a bias.
        depthwise_initializer, pointwise_initializer, bias_initializer: initial values.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer:
            penalties.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied after each update.

    Source: Chollet, Xception (2017).
    """
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
class _SeparableConv2DBare(_SeparableConv2D):
    kernel_size: ClassVar[Any]
    strides: ClassVar[Any]
    padding: ClassVar[Any]
    data_format: ClassVar[Any]
    dilation_rate: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    filters: ClassVar[Any]
    depth_multiplier: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class SeparableConv2D(_SeparableConv2DBare):
    """A depthwise convolution, then one of window size 1 that mixes the channels.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        depth_multiplier: channels per input channel in between.
        activation: name or function.
        use_bias: whether to add a bias.
        depthwise_initializer, pointwise_initializer, bias_initializer: initial values.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer:
            penalties.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied after each update.

    Source: Chollet, Xception (2017).
    """
    filters: rules.PositiveInt
    kernel_size: rules.IntOrTuple
    strides: rules.IntOrTuple = (1, 1)
    padding: rules.PaddingMode = 'valid'
    data_format: rules.DataFormat = None
    dilation_rate: rules.IntOrTuple = (1, 1)
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
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
class _DenseBare(_Dense):
    units: ClassVar[Any]
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class Dense(_DenseBare):
    """Affine map on the last axis: activation(x @ kernel + bias).

    Args:
        units: size of the output's last axis.
        activation: name or function; None is linear.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied after each update.

    Example:
        >>> import kerasish as keras
        >>> keras.layers.Dense(3, activation="relu")(keras.ops.ones((2, 4))).shape
        (2, 3)
    """
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
class _EmbeddingBare(_Embedding):
    input_dim: ClassVar[Any]
    output_dim: ClassVar[Any]
    mask_zero: ClassVar[Any]
    _i: ClassVar[Any]
class Embedding(_EmbeddingBare):
    """Rows of a table: integers in [0, input_dim) become vectors of `output_dim` floats.

    Args:
        input_dim: number of rows.
        output_dim: size of a row.
        embeddings_initializer: initial table.
        embeddings_regularizer: penalty on the table.
        embeddings_constraint: applied after each update.
        mask_zero: whether 0 marks a missing timestep.
        weights: [table], the initial one.
    """
    input_dim: rules.PositiveInt
    output_dim: rules.PositiveInt
    embeddings_initializer: rules.Initializer = 'uniform'
    embeddings_regularizer: rules.Regularizer = None
    embeddings_constraint: rules.Constraint = None
    mask_zero: bool = False
class _EinsumDenseBare(_EinsumDense):
    equation: ClassVar[Any]
    output_shape: ClassVar[Any]
    activation: ClassVar[Any]
    bias_axes: ClassVar[Any]
class EinsumDense(_EinsumDenseBare):
    """activation(einsum(equation, x, kernel) + bias).

    Args:
        equation: "ab,bc->ac", with "..." before or after for axes that stay.
        output_shape: sizes of the output without the batch and what "..." stands for; None for
            sizes that follow from the input.
        activation: name or function.
        bias_axes: the output axes (letters) that the bias has; None for no bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.EinsumDense("abc,cd->abd", output_shape=(None, 64))
        >>> layer(keras.ops.ones((2, 5, 8))).shape
        (2, 5, 64)
    """
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
class _GroupQueryAttentionBare(_GroupQueryAttention):
    dropout: ClassVar[Any]
    use_bias: ClassVar[Any]
    sliding_window: ClassVar[Any]
    flash_attention: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    use_gate: ClassVar[Any]
    seed: ClassVar[Any]
    head_dim: ClassVar[Any]
    num_query_heads: ClassVar[Any]
    num_key_value_heads: ClassVar[Any]
    _r: ClassVar[Any]
class GroupQueryAttention(_GroupQueryAttentionBare):
    """Multi-head attention in which several query heads share one key and value head.

    Args:
        head_dim: size of a head.
        num_query_heads: number of query heads.
        num_key_value_heads: number of key and value heads, which divides it.
        dropout: share of attention weights that are zero while training.
        use_bias: whether the projections have biases.
        sliding_window: how near a key must be; None for any distance.
        flash_attention: accepted for compatibility; the compiler chooses the kernel.
        kernel_initializer, bias_initializer: initial values of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
        use_gate: whether a sigmoid of the query multiplies the result before it is projected.
        seed: int, for the same draws every time.

    Source: Ainslie et al., GQA (2023).
    """
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
GroupedQueryAttention = GroupQueryAttention
class _MultiHeadAttentionBare(_MultiHeadAttention):
    dropout: ClassVar[Any]
    use_bias: ClassVar[Any]
    sliding_window: ClassVar[Any]
    flash_attention: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    use_gate: ClassVar[Any]
    seed: ClassVar[Any]
    num_heads: ClassVar[Any]
    key_dim: ClassVar[Any]
    value_dim: ClassVar[Any]
    output_shape: ClassVar[Any]
    attention_axes: ClassVar[Any]
    _r: ClassVar[Any]
class MultiHeadAttention(_MultiHeadAttentionBare):
    """softmax(query_h key_h^T / sqrt(key_dim)) value_h for every head h, projected back.

    Args:
        num_heads: number of heads.
        key_dim: size of a head's queries and keys.
        value_dim: size of a head's values; `key_dim` by default.
        dropout: share of attention weights that are zero while training.
        use_bias: whether the projections have biases.
        output_shape: last axes of the output; the query's by default.
        attention_axes: the axes that are attended over; all but the first and last by default.
        sliding_window: how near a key must be; None for any distance.
        flash_attention: accepted for compatibility; the compiler chooses the kernel.
        kernel_initializer, bias_initializer: initial values of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
        use_gate: whether a sigmoid of the query multiplies the result before it is projected.
        seed: int, for the same draws every time.

    Source: Vaswani et al., Attention Is All You Need (2017).

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)
        >>> x = keras.ops.ones((1, 5, 8))
        >>> layer(x, x, use_causal_mask=True).shape
        (1, 5, 8)
    """
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
class _BatchNormalizationBare(_BatchNormalization):
    epsilon: ClassVar[Any]
    center: ClassVar[Any]
    scale: ClassVar[Any]
    axis: ClassVar[Any]
    momentum: ClassVar[Any]
    moving_mean_initializer: ClassVar[Any]
    moving_variance_initializer: ClassVar[Any]
class BatchNormalization(_BatchNormalizationBare):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta for every channel.

    While training, mean and variance are those of the batch, and the moving ones follow them:
    moving = momentum * moving + (1 - momentum) * batch. Otherwise the moving ones are used.

    Args:
        axis: the channel axis.
        momentum: how slowly the moving moments follow.
        epsilon: keeps the division finite.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer: initial values.
        moving_mean_initializer, moving_variance_initializer: initial moments.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: applied after each update.

    Source: Ioffe and Szegedy, Batch Normalization (2015).
    """
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
class _GroupNormalizationBare(_GroupNormalization):
    epsilon: ClassVar[Any]
    center: ClassVar[Any]
    scale: ClassVar[Any]
    groups: ClassVar[Any]
    axis: ClassVar[Any]
class GroupNormalization(_GroupNormalizationBare):
    """Normalization of groups of channels within each sample.

    Args:
        groups: number of groups; -1 makes every channel a group.
        axis: the channel axis.
        epsilon: keeps the division finite.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer: initial values.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: applied after each update.

    Source: Wu and He, Group Normalization (2018).
    """
    groups: int = 32
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
class _LayerNormalizationBare(_LayerNormalization):
    epsilon: ClassVar[Any]
    center: ClassVar[Any]
    scale: ClassVar[Any]
    axis: ClassVar[Any]
class LayerNormalization(_LayerNormalizationBare):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, the moments those of each sample.

    Args:
        axis: the axes over which moments are taken.
        epsilon: keeps the division finite.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer: initial values.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: applied after each update.

    Source: Ba, Kiros and Hinton, Layer Normalization (2016).
    """
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
class _RandomBrightnessBare(_RandomBrightness):
    seed: ClassVar[Any]
    data_format: ClassVar[Any]
    factor: ClassVar[Any]
    value_range: ClassVar[Any]
class RandomBrightness(_RandomBrightnessBare):
    """A random number added to every image.

    Args:
        factor: largest change as a part of the value range, or a pair in [-1, 1].
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """
    factor: Any
    value_range: Any = (0, 255)
    seed: int | None = None
    data_format: rules.DataFormat = None
class _RandomContrastBare(_RandomContrast):
    seed: ClassVar[Any]
    data_format: ClassVar[Any]
    factor: ClassVar[Any]
    value_range: ClassVar[Any]
class RandomContrast(_RandomContrastBare):
    """Distances from the mean of each channel times a random number.

    Args:
        factor: numbers from 1 - factor to 1 + factor, or a pair (lower, upper) of such changes.
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """
    factor: Any
    value_range: Any = (0, 255)
    seed: int | None = None
    data_format: rules.DataFormat = None
class _RandomCropBare(_RandomCrop):
    seed: ClassVar[Any]
    data_format: ClassVar[Any]
    height: ClassVar[Any]
    width: ClassVar[Any]
class RandomCrop(_RandomCropBare):
    """A part of images at a place drawn for the batch.

    Outside training, and for smaller images, the largest part of that ratio, resized.

    Args:
        height, width: size of the part.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """
    height: rules.PositiveInt
    width: rules.PositiveInt
    seed: int | None = None
    data_format: rules.DataFormat = None
class _RandomFlipBare(_RandomFlip):
    seed: ClassVar[Any]
    data_format: ClassVar[Any]
    mode: ClassVar[Any]
class RandomFlip(_RandomFlipBare):
    """Images mirrored with probability 1/2.

    Args:
        mode: "horizontal", "vertical" or "horizontal_and_vertical".
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """
    mode: str = 'horizontal_and_vertical'
    seed: int | None = None
    data_format: rules.DataFormat = None
class _RandomRotationBare(_RandomRotation):
    seed: ClassVar[Any]
    data_format: ClassVar[Any]
    fill_mode: ClassVar[Any]
    interpolation: ClassVar[Any]
    fill_value: ClassVar[Any]
    factor: ClassVar[Any]
class RandomRotation(_RandomRotationBare):
    """Images rotated by a random angle.

    Args:
        factor: largest fraction of a full turn, or a pair; positive is counter-clockwise.
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        interpolation: "bilinear" or "nearest".
        seed: int, for the same draws every time.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first".
    """
    factor: Any
    fill_mode: str = 'reflect'
    interpolation: str = 'bilinear'
    seed: int | None = None
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
class _RandomShearBare(_RandomShear):
    seed: ClassVar[Any]
    data_format: ClassVar[Any]
    fill_mode: ClassVar[Any]
    interpolation: ClassVar[Any]
    fill_value: ClassVar[Any]
    x_factor: ClassVar[Any]
    y_factor: ClassVar[Any]
class RandomShear(_RandomShearBare):
    """Images sheared along their axes, from their top left corner.

    Both shifts of an image have the same sign, one or the other with probability 1/2.

    Args:
        x_factor: largest shift of columns per row, or a pair (lower, upper) in [0, 1].
        y_factor: largest shift of rows per column, or a pair (lower, upper) in [0, 1].
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """
    x_factor: Any = 0.0
    y_factor: Any = 0.0
    interpolation: str = 'bilinear'
    fill_mode: str = 'reflect'
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
    seed: int | None = None
class _RandomTranslationBare(_RandomTranslation):
    seed: ClassVar[Any]
    data_format: ClassVar[Any]
    fill_mode: ClassVar[Any]
    interpolation: ClassVar[Any]
    fill_value: ClassVar[Any]
    height_factor: ClassVar[Any]
    width_factor: ClassVar[Any]
class RandomTranslation(_RandomTranslationBare):
    """Images moved by a random part of their size.

    Args:
        height_factor: largest part of the height, or a pair; positive is down.
        width_factor: largest part of the width, or a pair; positive is to the right.
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        interpolation: "bilinear" or "nearest".
        seed: int, for the same draws every time.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first".
    """
    height_factor: Any
    width_factor: Any
    fill_mode: str = 'reflect'
    interpolation: str = 'bilinear'
    seed: int | None = None
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
class _RandomZoomBare(_RandomZoom):
    seed: ClassVar[Any]
    data_format: ClassVar[Any]
    fill_mode: ClassVar[Any]
    interpolation: ClassVar[Any]
    fill_value: ClassVar[Any]
    height_factor: ClassVar[Any]
    width_factor: ClassVar[Any]
class RandomZoom(_RandomZoomBare):
    """Images zoomed in or out around the middle.

    Args:
        height_factor: largest change of the height, or a pair; positive shows more, smaller.
        width_factor: the same for the width; None keeps the ratio.
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        interpolation: "bilinear" or "nearest".
        seed: int, for the same draws every time.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first".
    """
    height_factor: Any
    width_factor: Any = None
    fill_mode: str = 'reflect'
    interpolation: str = 'bilinear'
    seed: int | None = None
    fill_value: float = 0.0
    data_format: rules.DataFormat = None
class _IntegerLookupBare(_IntegerLookup):
    max_tokens: ClassVar[Any]
    num_oov_indices: ClassVar[Any]
    mask_token: ClassVar[Any]
    oov_token: ClassVar[Any]
    vocabulary: ClassVar[Any]
    idf_weights: ClassVar[Any]
    invert: ClassVar[Any]
    output_mode: ClassVar[Any]
    pad_to_max_tokens: ClassVar[Any]
    vocabulary_dtype: ClassVar[Any]
class IntegerLookup(_IntegerLookupBare):
    """Tokens as indices: the mask token first (for "int"), then those out of vocabulary, then it.

    Args:
        max_tokens: largest size of the vocabulary that `adapt` learns, special tokens included.
        num_oov_indices: how many indices unknown tokens share; 0 makes them an error.
        mask_token: the token of index 0; None for none. Vectors leave it out.
        oov_token: what unknown indices become when looking up backwards.
        vocabulary: the tokens, or the path of a file with one a line; or learn them with `adapt`.
        idf_weights: a weight for every token, for "tf_idf".
        invert: whether to turn indices into tokens instead.
        output_mode: "int", or one vector per row: "one_hot", "multi_hot", "count" or "tf_idf".
        pad_to_max_tokens: whether vectors have `max_tokens` entries at any rate.
        encoding: how bytes and files hold text.
    """
    max_tokens: rules.PositiveInt | None = None
    num_oov_indices: int = 1
    mask_token: int | None = None
    oov_token: int = -1
    vocabulary: Any = None
    vocabulary_dtype: str = 'int64'
    idf_weights: Any = None
    invert: bool = False
    output_mode: str = 'int'
    pad_to_max_tokens: bool = False
class _TextVectorizationBare(_TextVectorization):
    max_tokens: ClassVar[Any]
    vocabulary: ClassVar[Any]
    idf_weights: ClassVar[Any]
    output_mode: ClassVar[Any]
    pad_to_max_tokens: ClassVar[Any]
    encoding: ClassVar[Any]
    standardize: ClassVar[Any]
    split: ClassVar[Any]
    ngrams: ClassVar[Any]
    output_sequence_length: ClassVar[Any]
class TextVectorization(_TextVectorizationBare):
    """Texts as rows of word indices, or as one vector each.

    Args:
        max_tokens: largest size of the vocabulary, special tokens included.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", a function of a
            text, or None; only the letters A to Z are lowered.
        split: "whitespace", "character", a function from a text to a list, or None.
        ngrams: n for all runs of up to n words, or a tuple of lengths.
        output_mode: "int", "multi_hot", "count" or "tf_idf".
        output_sequence_length: number of words per row for "int", cut or padded with 0.
        pad_to_max_tokens: whether vectors have `max_tokens` entries at any rate.
        vocabulary: the tokens, or the path of a file with one a line; or learn them with `adapt`.
        idf_weights: a weight for every token, for "tf_idf".
        encoding: how bytes and files hold text.

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.TextVectorization(output_sequence_length=3)
        >>> layer.adapt(["a b b", "b c"])
        >>> layer(["b d"]).numpy().tolist()
        [[2, 1, 0]]
    """
    max_tokens: rules.PositiveInt | None = None
    standardize: Any = 'lower_and_strip_punctuation'
    split: Any = 'whitespace'
    ngrams: Any = None
    output_mode: str = 'int'
    output_sequence_length: rules.PositiveInt | None = None
    pad_to_max_tokens: bool = False
    vocabulary: Any = None
    idf_weights: Any = None
    encoding: str = 'utf-8'
class _GRUCellBare(_GRUCell):
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    dropout: ClassVar[Any]
    recurrent_dropout: ClassVar[Any]
    seed: ClassVar[Any]
    units: ClassVar[Any]
    recurrent_activation: ClassVar[Any]
    reset_after: ClassVar[Any]
class GRUCell(_GRUCellBare):
    """h' = z h + (1 - z) activation(x_h + r * recurrent_h), gates z, r of x and h.

    Args:
        units: size of state and output.
        activation: of the candidate.
        recurrent_activation: of the gates.
        use_bias: whether there are biases.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        reset_after: whether the reset gate acts after the product with the state, or before.
        seed: int, for the same draws every time.

    Source: Cho et al., Learning Phrase Representations (2014).
    """
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
class _LSTMCellBare(_LSTMCell):
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    dropout: ClassVar[Any]
    recurrent_dropout: ClassVar[Any]
    seed: ClassVar[Any]
    units: ClassVar[Any]
    recurrent_activation: ClassVar[Any]
    unit_forget_bias: ClassVar[Any]
class LSTMCell(_LSTMCellBare):
    """c' = f c + i activation(z_c), h' = o activation(c'), gates i, f, o of x and h.

    Args:
        units: size of states and output.
        activation: of the candidate and the cell state.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        seed: int, for the same draws every time.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory (1997); Jozefowicz et al. (2015).
    """
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
class _SimpleRNNCellBare(_SimpleRNNCell):
    activation: ClassVar[Any]
    use_bias: ClassVar[Any]
    dropout: ClassVar[Any]
    recurrent_dropout: ClassVar[Any]
    seed: ClassVar[Any]
    units: ClassVar[Any]
class SimpleRNNCell(_SimpleRNNCellBare):
    """h' = activation(x kernel + h recurrent_kernel + bias).

    Args:
        units: size of state and output.
        activation: name or function.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        seed: int, for the same draws every time.
    """
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
class _ConvLSTM1DBare(_ConvLSTM1D):
    return_sequences: ClassVar[Any]
    return_state: ClassVar[Any]
    go_backwards: ClassVar[Any]
    stateful: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class ConvLSTM1D(_ConvLSTM1DBare):
    """An LSTM over images (batch, time, ..., channels) whose products are convolutions.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same"; the convolution of the state is always "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: of the candidate and the cell state.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        unit_forget_bias: whether the forget gate's bias starts at 1.
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

    Source: Shi et al., Convolutional LSTM Network (2015).
    """
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
class _ConvLSTM2DBare(_ConvLSTM2D):
    return_sequences: ClassVar[Any]
    return_state: ClassVar[Any]
    go_backwards: ClassVar[Any]
    stateful: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class ConvLSTM2D(_ConvLSTM2DBare):
    """An LSTM over images (batch, time, ..., channels) whose products are convolutions.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same"; the convolution of the state is always "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: of the candidate and the cell state.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        unit_forget_bias: whether the forget gate's bias starts at 1.
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

    Source: Shi et al., Convolutional LSTM Network (2015).
    """
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
class _ConvLSTM3DBare(_ConvLSTM3D):
    return_sequences: ClassVar[Any]
    return_state: ClassVar[Any]
    go_backwards: ClassVar[Any]
    stateful: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class ConvLSTM3D(_ConvLSTM3DBare):
    """An LSTM over images (batch, time, ..., channels) whose products are convolutions.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same"; the convolution of the state is always "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: of the candidate and the cell state.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        unit_forget_bias: whether the forget gate's bias starts at 1.
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

    Source: Shi et al., Convolutional LSTM Network (2015).
    """
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
class _RNNBare(_RNN):
    return_sequences: ClassVar[Any]
    return_state: ClassVar[Any]
    go_backwards: ClassVar[Any]
    stateful: ClassVar[Any]
    unroll: ClassVar[Any]
    zero_output_for_mask: ClassVar[Any]
    cell: ClassVar[Any]
class RNN(_RNNBare):
    """A cell applied to every timestep, each step seeing the states that the one before left.

    Args:
        cell: a layer with `state_size` and `call(inputs, states) -> (output, new_states)`, or a
            list of them, stacked.
        return_sequences: whether all outputs are returned, or the last one.
        return_state: whether the last states are returned too.
        go_backwards: whether the sequence is run through from its end.
        stateful: whether a batch goes on from the states that the one before left.
        unroll: whether the graph repeats the cell for every step.
        zero_output_for_mask: whether masked steps give zeros, or the output before.

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.RNN(keras.layers.SimpleRNNCell(4))
        >>> layer(keras.ops.ones((2, 5, 3))).shape
        (2, 4)
    """
    cell: Any
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    unroll: bool = False
    zero_output_for_mask: bool = False
class _GRUBare(_GRU):
    return_sequences: ClassVar[Any]
    return_state: ClassVar[Any]
    go_backwards: ClassVar[Any]
    stateful: ClassVar[Any]
    unroll: ClassVar[Any]
    zero_output_for_mask: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    reset_after: ClassVar[Any]
    _r: ClassVar[Any]
class GRU(_GRUBare):
    """Gated recurrent unit over a sequence.

    Args:
        units: size of state and output.
        activation: of the candidate.
        recurrent_activation: of the gates.
        reset_after: whether the reset gate acts after the product with the state.
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
    zero_output_for_mask: bool = False
class _LSTMBare(_LSTM):
    return_sequences: ClassVar[Any]
    return_state: ClassVar[Any]
    go_backwards: ClassVar[Any]
    stateful: ClassVar[Any]
    unroll: ClassVar[Any]
    zero_output_for_mask: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    _r: ClassVar[Any]
class LSTM(_LSTMBare):
    """Long short-term memory over a sequence.

    Args:
        units: size of states and output.
        activation: of the candidate and the cell state.
        recurrent_activation: of the gates.
        unit_forget_bias: whether the forget gate's bias starts at 1.
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
    zero_output_for_mask: bool = False
class _SimpleRNNBare(_SimpleRNN):
    return_sequences: ClassVar[Any]
    return_state: ClassVar[Any]
    go_backwards: ClassVar[Any]
    stateful: ClassVar[Any]
    unroll: ClassVar[Any]
    zero_output_for_mask: ClassVar[Any]
    activity_regularizer: ClassVar[Any]
    seed: ClassVar[Any]
    _r: ClassVar[Any]
class SimpleRNN(_SimpleRNNBare):
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
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def serialize(layer: Any) -> Any: ...
