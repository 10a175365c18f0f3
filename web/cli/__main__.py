"""`python -m web.cli` is the `thoughts` command."""

from web.cli import main

main(prog_name="thoughts")
