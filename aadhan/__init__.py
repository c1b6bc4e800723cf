"""The command line; `aadhan --help` explains it."""
