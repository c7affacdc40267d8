"""The command line: ``python -m reference run | sweep | oracle``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from reference.commands import run, sweep
from reference.comparison import oracle
from reference.initialise import Configuration

DEFAULT = Configuration()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 2 where the request can't be met."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        for line in _lines(options, _configuration(options)):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough; what is still buffered must not raise at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 2
    return 0


def _lines(options: argparse.Namespace, configuration: Configuration) -> Iterator[str]:
    if options.command == "run":
        return run(configuration, options.out)
    if options.command == "sweep":
        return sweep(configuration, options.seeds, options.out)
    return oracle(configuration)


def _configuration(options: argparse.Namespace) -> Configuration:
    names = set(Configuration.__dataclass_fields__) & set(vars(options))
    return Configuration(**{name: getattr(options, name) for name in names})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reference",
        description="The instructor's numbers: how fast gradients vanish in an RNN and a GRU.",
        epilog="Every setting has the lab's value unless given.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("run", help="one run: gradient norms and orders of decay")
    one.add_argument(
        "--out", type=Path, metavar="DIR", help="write decay.json, decay.png, manifest.json there"
    )
    many = commands.add_parser("sweep", help="decay over initialisation scales and gate biases")
    many.add_argument("--out", type=Path, metavar="FILE.png", help="draw the table as a picture")
    many.add_argument(
        "--seeds", type=_positive, default=40, metavar="N", help="models per setting (default 40)"
    )
    compared = commands.add_parser(
        "oracle",
        help="every way to differentiate: error and time",
        epilog="OPENBLAS_NUM_THREADS=1 in the environment makes the times comparable.",
    )
    for command in (one, compared):
        _add_number_flags(command)
        command.add_argument("--seed", type=int, default=DEFAULT.seed, help="seed (default 42)")
    for command in (one, many, compared):
        _add_settings(command)
    return parser


def _add_number_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--scale", type=float, default=DEFAULT.scale, help="standard deviation (default 0.1)"
    )
    command.add_argument(
        "--update-gate-bias",
        type=float,
        default=DEFAULT.update_gate_bias,
        metavar="B",
        help="below zero the additive path is open, in either convention (default 0)",
    )


def _add_settings(command: argparse.ArgumentParser) -> None:
    for flag, name, text in (
        ("--steps", "T", "sequence length"),
        ("--hidden", "d_hidden", "hidden units"),
        ("--embed", "d_embed", "embedding size"),
        ("--vocabulary", "vocabulary", "number of words"),
    ):
        default = getattr(DEFAULT, name)
        command.add_argument(
            flag, dest=name, type=int, default=default, metavar="N", help=f"{text} ({default})"
        )
    command.add_argument("--option", choices=("A", "B"), default="A", help="chain or random tokens")
    command.add_argument(
        "--scheme",
        choices=("normal", "orthogonal"),
        default="normal",
        help="recurrent matrices: N(0, scale), or orthogonal times scale",
    )
    command.add_argument(
        "--convention",
        choices=("candidate", "previous"),
        default="candidate",
        help="what the update gate weighs: h = (1-z)h' + z h~, or z h' + (1-z)h~",
    )
    command.add_argument(
        "--reset",
        choices=("before", "after"),
        default="before",
        help="reset gate before or after the recurrent product",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
