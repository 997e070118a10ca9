"""The hardware abstraction layer: arrays, devices and streams behind one small protocol."""

from kerasish.backend.base import Backend, backend, get, set_backend

__all__ = ["Backend", "backend", "get", "set_backend"]
