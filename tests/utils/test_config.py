from __future__ import annotations

import copy
import json

import pytest

from kerasish.errors import ArgumentError
from kerasish.utils import Config


def test_attributes_and_keys_are_the_same():
    config = Config(rate=0.1)
    config.seed = 3
    config["name"] = "a"
    assert (config.rate, config["seed"], config.name, config.get("rate")) == (0.1, 3, "a", 0.1)
    assert config.get("other") is None
    assert config.get("other", 2) == 2
    assert list(config) == ["name", "rate", "seed"]
    assert "seed" in config
    assert len(config) == 3
    assert config.as_dict() == dict(config.items()) == {"rate": 0.1, "seed": 3, "name": "a"}
    assert json.loads(config.to_json()) == config.as_dict()
    assert repr(config) == "<Config {'rate': 0.1, 'seed': 3, 'name': 'a'}>"
    assert config.pop("seed") == 3
    assert config.pop("seed", 9) == 9
    config.update({"x": 1}, y=2)
    del config["x"]
    assert (config.y, "x" in config) == (2, False)
    assert copy.deepcopy(config).as_dict() == config.as_dict()


def test_frozen():
    config = Config(a=1)
    assert not config.frozen
    config.freeze()
    assert config.frozen
    for change in (
        lambda: config.update(a=2),
        lambda: config.pop("a"),
        lambda: config.__setitem__("a", 2),
        lambda: config.__delitem__("a"),
        lambda: setattr(config, "a", 2),
        config.clear,
        lambda: config.setdefault("b", 2),
    ):
        with pytest.raises(ArgumentError, match="frozen"):
            change()
    assert config.as_dict() == {"a": 1}
    config.unfreeze()
    config.a = 2
    assert config.a == 2


def test_names():
    config = Config(learning_rate=1)
    with pytest.raises(AttributeError, match="Did you mean 'learning_rate'"):
        _ = config.learning_rat
    with pytest.raises(ArgumentError, match=r"config\['items'\]"):
        config.items = 3
