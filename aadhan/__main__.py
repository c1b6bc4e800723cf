"""`python -m aadhan` is the command `aadhan`."""

from aadhan.cli import main

main(prog_name="aadhan")
