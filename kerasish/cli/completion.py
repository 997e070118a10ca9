"""completion: what bash, zsh and fish need to complete commands, options and names."""

from __future__ import annotations

from argparse import Namespace

from kerasish.cli import described
from kerasish.cli._index import COMMANDS
from kerasish.cli.declare import argument, command

_BASH = """\
# bash completion of kerasish: add `source <(kerasish completion bash)` to ~/.bashrc.
_kerasish() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
    local options="" words="" files="" choices=""
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "@COMMANDS@ --help --version" -- "$word"))
        return
    fi
    case "$command" in
@CASES@
    esac
    case "$command $before" in
@CHOICES@
    esac
    if [ -n "$choices" ]; then
        COMPREPLY=($(compgen -W "$choices" -- "$word"))
    elif [[ "$word" == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [ -n "$words" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    elif [ "$files" = yaml ]; then
        local IFS=$'\\n'
        COMPREPLY=($(compgen -f -X '!*.y*ml' -- "$word") $(compgen -d -S / -- "$word"))
        compopt -o nospace 2>/dev/null
        if [ "${#COMPREPLY[@]}" -eq 1 ] && [[ "${COMPREPLY[0]}" != */ ]]; then
            compopt +o nospace 2>/dev/null
        fi
    else
        compopt -o default 2>/dev/null
        COMPREPLY=()
    fi
}
complete -F _kerasish kerasish
"""

_ZSH = """\
# zsh completion of kerasish: add `source <(kerasish completion zsh)` to ~/.zshrc.
autoload -U +X bashcompinit && bashcompinit
"""


@command(
    "look up",
    "print what a shell needs to complete commands",
    argument("shell", choices=("bash", "zsh", "fish"), help="the shell"),
    example="kerasish completion bash > ~/.kerasish-completion",
)
def completion(arguments: Namespace) -> None:
    """A script for a shell that completes commands, options, the names that `describe` and `list`
    know, and the names of .yaml files. The shell's start file reads it."""
    if arguments.shell == "fish":
        print(_fish(), end="")
        return
    print((_ZSH if arguments.shell == "zsh" else "") + _bash(), end="")


def _options(name: str) -> list[str]:
    flags = [flag for flags, _, _ in COMMANDS[name]["arguments"] for flag in flags]
    return [*(flag for flag in flags if flag.startswith("--")), "--help", "--traceback"]


def _kind(name: str) -> str:
    """What the positional arguments of a command are."""
    found = [
        str(keywords["complete"])
        for flags, keywords, _ in COMMANDS[name]["arguments"]
        if not flags[0].startswith("-") and "complete" in keywords
    ]
    return found[0] if found else ""


def _words(name: str) -> list[str]:
    """The words that a command takes, where they are known."""
    kind = _kind(name)
    if kind == "kinds":
        return [*(described.plural(one) for one in described.KIND_TEXTS), "commands"]
    if kind == "names":
        return sorted({one for kind in described.KIND_TEXTS for one in described.names_of(kind)})
    for flags, keywords, _ in COMMANDS[name]["arguments"]:
        if not flags[0].startswith("-") and "choices" in keywords:
            return [str(one) for one in keywords["choices"]]
    return []


def _bash() -> str:
    cases: list[str] = []
    choices: list[str] = []
    for name, held in COMMANDS.items():
        parts = [f'options="{" ".join(_options(name))}"']
        words = _words(name)
        parts += [f'words="{" ".join(words)}"'] if words else []
        parts += ["files=yaml"] if not words and _kind(name) == "yaml" else []
        cases.append(f"    {name}) {'; '.join(parts)} ;;")
        for flags, keywords, _ in held["arguments"]:
            if "choices" in keywords and flags[0].startswith("-"):
                listed = " ".join(map(str, keywords["choices"]))
                pattern = "|".join(f'"{name} {flag}"' for flag in flags)
                choices.append(f'    {pattern}) choices="{listed}" ;;')
    text = _BASH.replace("@COMMANDS@", " ".join(COMMANDS))
    return text.replace("@CASES@", "\n".join(cases)).replace("@CHOICES@", "\n".join(choices))


def _fish() -> str:
    lines = [
        "# fish completion of kerasish: kerasish completion fish | source",
        "complete -c kerasish -f",
    ]
    for name, held in COMMANDS.items():
        first = "__fish_use_subcommand"
        lines.append(f"complete -c kerasish -n {first} -a {name} -d {_quoted(held['summary'])}")
        here = f"'__fish_seen_subcommand_from {name}'"
        for flags, keywords, _ in held["arguments"]:
            longs = [flag[2:] for flag in flags if flag.startswith("--")]
            if longs:
                takes = "" if keywords.get("action") == "store_true" else " -r"
                listed = " ".join(map(str, keywords.get("choices", ())))
                takes += f" -a {_quoted(listed)}" if listed else ""
                text = _quoted(keywords["help"])
                lines.append(f"complete -c kerasish -n {here} -l {longs[0]}{takes} -d {text}")
        words = _words(name)
        if words:
            lines.append(f"complete -c kerasish -n {here} -a {_quoted(' '.join(words))}")
        else:
            lines.append(f"complete -c kerasish -n {here} -F")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
