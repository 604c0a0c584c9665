"""`vocable completion SHELL`: print the script that teaches a shell to complete our commands."""

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "zsh", "fish")
_SETUP = """\b
Set it up:
  bash  add to ~/.bashrc: eval "$(vocable completion bash)"
  zsh   add to ~/.zshrc: eval "$(vocable completion zsh)"
  fish  vocable completion fish > ~/.config/fish/completions/vocable.fish
"""


@click.command("completion", epilog=_SETUP)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    assert kind is not None  # click has one for each of _SHELLS
    click.echo(kind(ctx.find_root().command, {}, "vocable", "_VOCABLE_COMPLETE").source())
