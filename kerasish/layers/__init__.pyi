# Written by scripts/make_names.py.
from typing import Any

from kerasish.layers.activation import ELU as ELU
from kerasish.layers.activation import LeakyReLU as LeakyReLU
from kerasish.layers.activation import PReLU as PReLU
from kerasish.layers.activation import ReLU as ReLU
from kerasish.layers.activation import Softmax as Softmax
from kerasish.layers.attention import AdditiveAttention as AdditiveAttention
from kerasish.layers.attention import Attention as Attention
from kerasish.layers.base.input_spec import InputSpec as InputSpec
from kerasish.layers.base.layer import Layer as Layer
from kerasish.layers.convolution import Conv1D as Conv1D
from kerasish.layers.convolution import Conv1DTranspose as Conv1DTranspose
from kerasish.layers.convolution import Conv2D as Conv2D
from kerasish.layers.convolution import Conv2DTranspose as Conv2DTranspose
from kerasish.layers.convolution import Conv3D as Conv3D
from kerasish.layers.convolution import Conv3DTranspose as Conv3DTranspose
from kerasish.layers.convolution import DepthwiseConv1D as DepthwiseConv1D
from kerasish.layers.convolution import DepthwiseConv2D as DepthwiseConv2D
from kerasish.layers.convolution import SeparableConv1D as SeparableConv1D
from kerasish.layers.convolution import SeparableConv2D as SeparableConv2D
from kerasish.layers.core import Activation as Activation
from kerasish.layers.core import Dense as Dense
from kerasish.layers.core import Embedding as Embedding
from kerasish.layers.core import Identity as Identity
from kerasish.layers.core import Lambda as Lambda
from kerasish.layers.core import Masking as Masking
from kerasish.layers.einsum_dense import EinsumDense as EinsumDense
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
from kerasish.layers.multi_head_attention import GroupQueryAttention as GroupQueryAttention
from kerasish.layers.multi_head_attention import MultiHeadAttention as MultiHeadAttention
from kerasish.layers.normalization import BatchNormalization as BatchNormalization
from kerasish.layers.normalization import GroupNormalization as GroupNormalization
from kerasish.layers.normalization import LayerNormalization as LayerNormalization
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
from kerasish.layers.preprocessing.augmentation import RandomBrightness as RandomBrightness
from kerasish.layers.preprocessing.augmentation import RandomContrast as RandomContrast
from kerasish.layers.preprocessing.augmentation import RandomCrop as RandomCrop
from kerasish.layers.preprocessing.augmentation import RandomFlip as RandomFlip
from kerasish.layers.preprocessing.augmentation import RandomRotation as RandomRotation
from kerasish.layers.preprocessing.augmentation import RandomShear as RandomShear
from kerasish.layers.preprocessing.augmentation import RandomTranslation as RandomTranslation
from kerasish.layers.preprocessing.augmentation import RandomZoom as RandomZoom
from kerasish.layers.preprocessing.augmentation import Resizing as Resizing
from kerasish.layers.preprocessing.lookup import IntegerLookup as IntegerLookup
from kerasish.layers.preprocessing.lookup import StringLookup as StringLookup
from kerasish.layers.preprocessing.numbers import CategoryEncoding as CategoryEncoding
from kerasish.layers.preprocessing.numbers import Discretization as Discretization
from kerasish.layers.preprocessing.numbers import Normalization as Normalization
from kerasish.layers.preprocessing.numbers import Rescaling as Rescaling
from kerasish.layers.preprocessing.text_vectorization import TextVectorization as TextVectorization
from kerasish.layers.recurrent.cells import GRUCell as GRUCell
from kerasish.layers.recurrent.cells import LSTMCell as LSTMCell
from kerasish.layers.recurrent.cells import SimpleRNNCell as SimpleRNNCell
from kerasish.layers.recurrent.conv_lstm import ConvLSTM1D as ConvLSTM1D
from kerasish.layers.recurrent.conv_lstm import ConvLSTM2D as ConvLSTM2D
from kerasish.layers.recurrent.conv_lstm import ConvLSTM3D as ConvLSTM3D
from kerasish.layers.recurrent.rnn import RNN as RNN
from kerasish.layers.recurrent.rnn import StackedRNNCells as StackedRNNCells
from kerasish.layers.recurrent.sequences import GRU as GRU
from kerasish.layers.recurrent.sequences import LSTM as LSTM
from kerasish.layers.recurrent.sequences import SimpleRNN as SimpleRNN
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
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
GroupedQueryAttention = GroupQueryAttention
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
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def serialize(layer: Any) -> Any: ...
