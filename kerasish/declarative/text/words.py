"""What a rule expects and what a value was meant to be, in the words of YAML."""

from __future__ import annotations

import re
import unicodedata

from kerasish.declarative.text import python, scalars
from kerasish.declarative.text.emit import flow
from kerasish.declarative.text.source import Mapping, Scalar, Sequence, Value, plain
from kerasish.errors import told

# The words of rules and of layers, which speak of Python, for what is written in a file.
_WORDS = (
    (r"one of \(('[^()]*')\)", lambda found: _listed(found[1])),
    (r", or None\b", " or null"),
    (r"\bTrue or False\b", "true or false"),
    (r"\ba list or tuple\b|\ba tuple\b", "a list"),
    (r"\bof tuples\b", "of lists"),
    (r"\ban int >= ", "an integer ≥ "),
    (r" >= ", " ≥ "),
    (r", a config, a class, a function or an instance\b", ", or a name with arguments"),
    (r"\bint\b", "integer"),
    (r"\bints\b", "integers"),
    (r"\ba LearningRateSchedule\b", "a schedule"),
    (r"(?<=\w) or a function\b", ""),
    (r"of which each is (an |a )(integer|number)\b", r"of \2s"),
    (r"of (\d+): an integer(, an integer)*$", r"of \1 integers"),
    (r"\ba string\b", "text"),
    (r"\ba dict\b", "a mapping"),
    (r"\ba function\b", "a function, which a file cannot hold"),
    (r"\ban array\b", "numbers in lists of one length, or {value: lists, dtype: name}"),
)
_SHAPE = r"\(((?:(?:None|\d+)(?:, ?|(?=\))))+)\)"
# What an error of a layer holds that only Python knows.
_PYTHON = (
    (
        told(r"^(?:\w+[.:] ?)+(\w+)", expected="(.*?)", received="(.*?)") + "$",
        r"\1 must be \2, received \3",
    ),
    (told(r"^\w+\.(\w+) must be (.*?)", received="(.*?)") + "$", r"\1 must be \2, received \3"),
    (r"<(\w+) name=[^<>]*>", r"\1"),
    (r"<(?:class|function) '?(?:[\w.]*\.)?(\w+)'?[^<>]*>", r"\1"),
    (_SHAPE, lambda one: f"[{one[1].rstrip(' ,')}]"),
    (r"\bNone\b", "null"),
    (r"\bTrue\b", "true"),
    (r"\bFalse\b", "false"),
)


def in_yaml(expected: str) -> str:
    """What a rule expects, in the words of YAML."""
    for words, yaml in _WORDS:
        expected = re.sub(words, yaml, expected)
    return expected


def said_in_yaml(text: str) -> str:
    """What a layer says of itself, without Python's words, objects and signatures."""
    text = re.sub(r"\((?:\w+: '[^']*'(?: = [^,()]+)?(?:, )?)+\)(?: -> '?\w+'?)?", "", text)
    for words, yaml in _PYTHON:
        text = re.sub(words, yaml, text)
    must, received = text.partition(", received ")[::2]
    return f"{in_yaml(must)}, received {received}" if received else text


def _listed(words: str) -> str:
    held = re.findall(r"'([^']*)'", words)
    return f"one of {', '.join(held)}" if len(held) > 2 else " or ".join(held)


NO_FUNCTIONS = "a file holds no functions of Python: name one that is registered"


# --- values ---------------------------------------------------------------------------------------


_TRUE, _FALSE = ("yes", "on", "y", "true", "t"), ("no", "off", "n", "false", "f")
_UNITS = {"k": 1_000, "m": 1_000_000}
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_POWER = r"(?:(\d+(?:\.\d+)?)\s*[*x×]\s*)?10\s*(?:\^|\*\*)\s*\(?(-?\d+)\)?"
_LIMITS = {"inf": ".inf", "infinity": ".inf", "-inf": "-.inf"}


def written(value: Value) -> str:
    """A value as it stands in the file, where it stands on one line; else on one line."""
    if isinstance(value, Scalar) and value.mark.text.strip():
        return value.mark.text
    text = value.mark.text
    if not isinstance(value, Scalar) and text[:1] in "[{" and text[-1:] in "]}" and len(text) > 1:
        return text
    return flow(plain(value))


def short(value: Value) -> str:
    """As `written`, or `...` where it takes more room than a hint has."""
    if isinstance(value, Mapping | Sequence) and value.mark.text[:1] not in "[{":
        return "..."
    text = written(value)
    return text if len(text) <= 60 else "..."


def belongs(where: str, line: str) -> str:
    """The hint that a line belongs to a section, or to the top of the file."""
    return f"it belongs {f'under {where!r}' if where else 'at the top of the file'}: {line}"


def meant(value: Value, expected: str) -> str:
    """How to write the value that was meant where another was expected; "" where that is open."""
    if isinstance(value, Scalar):
        is_name = expected.startswith("letters, digits") and value.value is not None
        if is_name and not re.search(r"[\"'(){}$]", str(value.value)):
            cleaned = re.sub(r"[^A-Za-z0-9_.-]+", "_", str(value.value)).strip("_.")[:128]
            quoted = f'"{cleaned}"' if cleaned.replace(".", "").isdigit() else cleaned
            return f"write {quoted}" if cleaned else ""
        if value.quoted and (sign := value.mark.text.strip()[:1]) in ("|", ">"):
            return f"leave out '{sign}', which makes one text of what follows"
        if mixed := arithmetic(value.mark.text):
            return f'write "${{{mixed}}}"'
        if isinstance(value.value, float) and "integer" in expected and " / " in value.mark.text:
            return f"write {value.mark.text.replace(' / ', ' // ')}"
        if isinstance(value.value, str):
            return _meant_text(value.value.strip(), value.quoted, expected)
        return _meant_plain(value.value, expected)
    items = list(value.items) if isinstance(value, Sequence) else []
    names = [one.value for one in items if isinstance(one, Scalar) and isinstance(one.value, str)]
    if expected == "a mapping of arguments" and names and len(names) == len(items):
        return f"write {{{', '.join(f'{name}: ' for name in names)}}}"
    if len(items) == 1 and "list" not in expected and isinstance(items[0], Scalar):
        return f"write {written(items[0])}"
    if isinstance(value, Mapping) and "list" in expected and "mapping" not in expected:
        return "write a list: [first, second]"
    return ""


_VARIABLE = r"\$\{([^{}]*)\}|\$(\w+(?:\.[A-Za-z_]\w*)*)"


def arithmetic(text: str) -> str:
    """The expression that a text with variables in it was meant to be; "" where it is none."""
    numbers = re.sub(_VARIABLE, "0", text)
    is_sum = numbers != text and re.fullmatch(r"[\d.() ]+(?:(?: - |[+*/%]+)[\d.() ]+)+", numbers)
    return re.sub(_VARIABLE, r"\1\2", text) if is_sum else ""


def _meant_text(text: str, quoted: bool, expected: str) -> str:
    number, listed = bool(re.search(r"integer|number|\bint\b", expected)), "list" in expected
    if "columns to values" in expected:
        held = re.fullmatch(r"(\w+)\s*==?\s*(['\"]?)([\w.-]+)\2", text)
        return f"write {{{held[1]}: {held[3]}}}" if held else "such as {split: test}"
    if "names to lists" in expected:
        each = re.fullmatch(r"(\w+) in (\[.*\]|\$\w+)", text)
        return f"write {{{each[1]}: {each[2]}}}" if each else ""
    if text in ("None", "none", "nil", "NULL"):
        return "write null" if "null" in expected or not number else "leave it out, or write null"
    if "true or false" in expected and text.lower() in _TRUE + _FALSE:
        return f"write {str(text.lower() in _TRUE).lower()}"
    if number and quoted and type(scalars.resolve(text)) in (int, float):
        return f"remove the quotes: {text}"
    if number and text.lower() == "nan":
        return "NaN is nothing to compute with"
    if number and text.lower() in _LIMITS:
        return f"write {_LIMITS[text.lower()]}"
    if listed and number and re.fullmatch(r"\d+(?: +\d+)+", text):
        return f"put commas between them: {', '.join(text.split())}"
    if number and (found := _number(text)) and found != text:
        return f"write {found}"
    if number and (found := python.arithmetic(text)):
        return f"write {found}"
    if listed:
        sizes = re.fullmatch(r"[(\[]?\s*(\d+(?:(?:\s*[,x×*]\s*|\s+)\d+)+)\s*,?[)\]]?", text)
        if sizes:
            return f"write [{', '.join(re.findall(r'[0-9]+', sizes[1]))}]"
    if text.startswith(("lambda", "def ")):
        return NO_FUNCTIONS
    if found := re.fullmatch(r"f([\"'])(.*)\1", text):
        return f'write "{re.sub(r"[{]", "${", found[2])}"'
    if "(" in text and (found := python.in_words(text)):
        return f"write {found}"
    return ""


def _number(text: str) -> str:
    """The number that a text was meant to be, as YAML writes it."""
    text = unicodedata.normalize("NFKC", text)
    text = text.replace("−", "-").replace("–", "-").replace("\u00a0", " ")
    text = re.sub(r"\s*(?:#|//).*$", "", text).rstrip(" ,;")
    if re.fullmatch(r"[-+]?\d{1,3}(?:[_,' ]\d{3})+(?:\.\d+)?|[-+]?\d+(?:_\d+)+", text):
        return re.sub(r"[_,' ]", "", text)
    if re.fullmatch(r"[-+]?\d+,\d+", text):
        return text.replace(",", ".")
    if found := re.fullmatch(rf"({_NUMBER})\s*%", text):
        return f"{float(found[1]) / 100:g}"
    if found := re.fullmatch(_POWER, text):
        return f"{found[1] or 1}e{found[2]}"
    if re.fullmatch(r"[eE]-?\d+", text):
        return f"1{text}"
    if re.fullmatch(rf"{_NUMBER}", re.sub(r" +(?=[eE.])|(?<=[eE.-]) +", "", text)):
        return text.replace(" ", "")
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKmM])", text):
        return f"{float(found[1]) * _UNITS[found[2].lower()]:.0f}"
    if found := re.fullmatch(rf"({_NUMBER})\s*[A-Za-z]+\.?", text):
        return f"{found[1]}, a number without a unit"
    return ""


def _meant_plain(held: bool | int | float | None, expected: str) -> str:
    if held is None or isinstance(held, bool):
        return ""
    bounds = re.search(r"between 0 and 1|\[0, 1[\])]|\(0, 1[\])]", expected)
    if bounds and 5 <= held < 100:
        return f"write {held / 100:g}"
    if isinstance(held, float) and "integer" in expected and held.is_integer() and abs(held) < 1e15:
        return f"write {int(held)}"
    if held == -1 and "null" in expected:
        return "write null"
    if expected.startswith("a list") and "integer or" not in expected and held > 0:
        return f"write [{held}]"
    if "true or false" in expected and held in (0, 1):
        return f"write {str(bool(held)).lower()}"
    if expected in ("text", "text or null"):
        return f'write "{held}"'
    return ""
