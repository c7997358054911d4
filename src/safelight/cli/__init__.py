"""The commands, such as `safelight check`, `known`, `report`, `node`, `officer`, `act`, `log`, `vault` and `doctor`.

In come arguments, environment and a terminal; out go a table for people, JSON lines for machines, and an exit code.
A command imports what it needs when it is called, so that the engine's commands run without Django.
It must never decide anything: it calls one action or query of the package whose work it is, and shows the answer.
"""

import importlib
import sys
import traceback
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import click

import safelight
from safelight.errors import CannotRunError, SafelightError, UsageError

_COMMANDS = {
    "known": "safelight.cli.known:known",
    "check": "safelight.cli.check:check",
    "report": "safelight.cli.report:report",
    "node": "safelight.cli.node:node",
    "log": "safelight.cli.log:log",
    "history": "safelight.cli.history:history",
    "find": "safelight.cli.find:find",
    "state": "safelight.cli.state:state",
    "vault": "safelight.cli.vault:vault",
    "export": "safelight.cli.export:export",
    "backup": "safelight.cli.backup:backup",
    "database": "safelight.cli.database:database",
    "review": "safelight.cli.review:review",
    "hash": "safelight.cli.engine:hash_files",
    "compare": "safelight.cli.comparing:compare_files",
    "officer": "safelight.cli.officer:officer",
    "act": "safelight.cli.act:act",
    "doctor": "safelight.cli.doctor:doctor",
}
_WITHOUT_DATA = {"hash", "compare"}


class _Commands(click.Group):
    """Loads a command when it is named, and gives those that need a data folder the option to name it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the signature is click's
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        try:
            command: click.Command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name and error.name.startswith("safelight"):
                raise
            raise CannotRunError(
                f"`safelight {cmd_name}` lacks {error.name}: install the node (pip install 'safelight[node]')"
            ) from error
        if cmd_name not in _WITHOUT_DATA:
            _take_data(command)
        return command


def _take_data(command: click.Command) -> None:
    """Let `--data` stand behind a command, too."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _take_data(inner)
    does_something = not isinstance(command, click.Group) or command.invoke_without_command
    if does_something and not any(parameter.name == "data" for parameter in command.params):
        command.params.append(_data_option())


def _data_option() -> click.Option:
    return click.Option(
        ["--data"],
        type=click.Path(path_type=Path),
        help="The data folder (or SAFELIGHT_DATA; else the platform's usual place).",
        expose_value=False,
        callback=_use_data,
        is_eager=True,
    )


def _use_data(context: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None or context.obj is None:
        context.obj = _settings(value)


def _settings(data: Path | None) -> Any:
    from safelight.platform.settings import read_settings

    return read_settings(data=data)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(safelight.__version__, prog_name="safelight")
@click.option("--data", type=click.Path(path_type=Path), help="The data folder (or SAFELIGHT_DATA).")
@click.pass_context
def safelight_commands(context: click.Context, data: Path | None) -> None:
    """Put in a seizure, learn what is known.

    Exit status: 0 done, 1 done with named failures, 2 wrong use, 3 could not run.
    """
    if context.invoked_subcommand not in _WITHOUT_DATA and data is not None:
        context.obj = _settings(data)


def main() -> None:
    """Run a command; every error ends in one sentence and the exit status of its class."""
    try:
        safelight_commands.main(prog_name="safelight", standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.exceptions.NoArgsIsHelpError as asked:
        asked.show()
        sys.exit(UsageError.exit_code)
    except click.ClickException as error:
        _say(_wrong_use(error))
        sys.exit(UsageError.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _say("stopped; the same command goes on from here")
        sys.exit(CannotRunError.exit_code)
    except SafelightError as error:
        _say(error.message)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(CannotRunError.exit_code)
    except Exception as error:  # noqa: BLE001 - the border of the process: no traceback reaches a user
        _say(f"an error in Safelight itself ({type(error).__name__}): please report it with {_keep_traceback()}")
        sys.exit(CannotRunError.exit_code)


def _wrong_use(error: click.ClickException) -> str:
    """What click found wrong, on one line, and which help tells more."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    said = " ".join(error.format_message().split()).removesuffix(".")
    return f"{said[:1].lower()}{said[1:]} (try '{context.command_path if context else 'safelight'} --help')"


def _say(sentence: str) -> None:
    from safelight.cli.showing import say

    say(f"safelight: {sentence}", err=True)


def _keep_traceback() -> str:
    with NamedTemporaryFile("w", prefix="safelight-error-", suffix=".txt", delete=False) as file:
        traceback.print_exc(file=file)
    return file.name
