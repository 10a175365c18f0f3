"""The `thoughts` command; each subcommand's module is imported when it is called."""

from __future__ import annotations

from importlib import import_module

import click

# Name to module and attribute.
COMMANDS = {
    "serve": "web.cli.processes:serve",
    "web": "web.cli.processes:web",
    "worker": "web.cli.processes:worker",
    "migrate": "web.cli.migrate:migrate",
    "demo": "web.cli.demo:demo",
    "user": "web.cli.users:user",
    "token": "web.cli.users:token",
    "failed": "web.cli.failed:failed",
    "domain": "web.cli.domains:domain",
    "backup": "web.cli.backup:backup",
    "restore": "web.cli.backup:restore",
}


class LazyGroup(click.Group):
    """A group whose commands cost nothing until they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List every command, in the order in which one meets them."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="thoughts")
def main() -> None:
    """Thoughts: a federated microblog server.

    Settings come from THOUGHTS_* in the environment; the README lists them.
    """
