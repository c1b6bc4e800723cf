"""Every error aadhan raises for its user, in one tree.

    AadhanError                 the command line prints it in one line and exits 1
    ├── SettingsError           aadhan.toml or a flag says something that cannot be used
    ├── SourceError             a source is unknown, or cannot be reached or read
    ├── LandingError            pages could not be written to the lake
    ├── LakeError               what lies in the lake is empty, damaged or not what it should be
    ├── SnapshotError           a snapshot's name or content
    │   ├── NameTaken           the name already stands for other bytes; names are never reused
    │   ├── NoSuchSnapshot      the name stands for nothing
    │   ├── ChecksFailed        the candidate did not pass the gate; it stays for inspection
    │   └── Damaged             bytes differ from what the manifest records
    ├── QueryError              a user's SQL cannot be run on a snapshot
    ├── TrainingError           a model, tokenizer or split that training cannot use
    └── MissingExtra            a verb needs packages that are not installed

It lives in the lowest layer because every layer raises; the message always names the fix.
"""


class AadhanError(Exception):
    """Base of all errors that are the user's to fix."""


class SettingsError(AadhanError):
    pass


class SourceError(AadhanError):
    pass


class LandingError(AadhanError):
    pass


class LakeError(AadhanError):
    pass


class SnapshotError(AadhanError):
    pass


class NameTaken(SnapshotError):
    pass


class NoSuchSnapshot(SnapshotError):
    pass


class ChecksFailed(SnapshotError):
    pass


class Damaged(SnapshotError):
    pass


class QueryError(AadhanError):
    pass


class TrainingError(AadhanError):
    pass


class MissingExtra(AadhanError):
    def __init__(self, verb: str, extra: str, package: str):
        super().__init__(f"{verb} needs the package {package}: pip install 'aadhan[{extra}]'")
