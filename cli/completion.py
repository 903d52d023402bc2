"""``provtool completion``: have a shell complete commands, options and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click import shell_completion

from cli import terminal

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VARIABLE = "_PROVTOOL_COMPLETE"
BREAK = ":"
"""Where bash breaks words, as it does in hf:./model; click does not know."""
PLACES = {
    "bash": "~/.local/share/bash-completion/completions/provtool",
    "zsh": "a folder of $fpath, as _provtool",
    "fish": "~/.config/fish/completions/provtool.fish",
}
BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' response line type value
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete "$1")
    for line in $response; do
        IFS=',' read -r type value <<< "$line"
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
        # What goes on, as hf: or a folder does, is not followed by a space.
        if [[ $value == *[:/] ]]; then compopt -o nospace; fi
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


@shell_completion.add_completion_class
class Bash(shell_completion.BashComplete):
    """Completion in bash, which sees ``hf:./model`` as three words and wants only the rest of the last."""

    source_template = BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Put the words together again that bash broke."""
        words, incomplete = super().get_completion_args()
        whole = list[str]()
        for word in [*words, incomplete]:
            joined = whole and (word.startswith(BREAK) or whole[-1].endswith(BREAK))
            whole = [*whole[:-1], whole[-1] + word] if joined else [*whole, word]
        return whole[:-1], whole[-1]

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Leave out what stands before the last break, for bash keeps it."""
        _, incomplete = self.get_completion_args()
        return f"{item.type},{item.value.removeprefix(incomplete[: incomplete.rfind(BREAK) + 1])}"


@click.command()
@click.argument("shell", type=click.Choice(list(PLACES)))
def command(shell: str) -> dict[str, str]:
    """Print the script by which SHELL completes commands, options, choices and files.

    \b
    Examples:
      provtool completion bash > ~/.local/share/bash-completion/completions/provtool
      provtool completion fish > ~/.config/fish/completions/provtool.fish
      provtool completion zsh > ~/.zfunc/_provtool
      source <(provtool completion bash)

    The last one is for this session alone.
    """
    from cli import voice

    script = _completer(shell, click.get_current_context().find_root().command).source()
    if not voice.current().as_json:
        click.echo(script)
    terminal.say(f"to keep it: provtool completion {shell} > {PLACES[shell]}; a new shell has it")
    return {"shell": shell, "script": script, "place": PLACES[shell]}


def answer(command: click.Command, instruction: str) -> int:
    """Answer a shell that asks how a line can go on; gives the exit code."""
    return shell_completion.shell_complete(command, {}, "provtool", VARIABLE, instruction)


def _completer(shell: str, command: click.Command) -> shell_completion.ShellComplete:
    found = shell_completion.get_completion_class(shell)
    if found is None:
        raise ValueError(f"click completes nothing in {shell}")
    return found(command, {}, "provtool", VARIABLE)
