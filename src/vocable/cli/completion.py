"""`vocable completion SHELL`: print the script that teaches a shell to complete our commands."""

import click
from click.shell_completion import get_completion_class

_HOW = {
    "bash": 'eval "$(vocable completion bash)"   in ~/.bashrc',
    "zsh": 'eval "$(vocable completion zsh)"   in ~/.zshrc',
    "fish": "vocable completion fish > ~/.config/fish/completions/vocable.fish",
}


@click.command("completion", epilog="Use it so: " + "; ".join(_HOW.values()))
@click.argument("shell", type=click.Choice(list(_HOW)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    assert kind is not None  # click brings all of _HOW
    click.echo(kind(ctx.find_root().command, {}, "vocable", "_VOCABLE_COMPLETE").source())
