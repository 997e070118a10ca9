"""keras.ops beside numpy: conversion, slices by value, scatter, segments, spectra, gradients."""
