"""Training on a named snapshot; every run records which bytes it saw."""

import logging


def quieten() -> None:
    """Keep bitsandbytes' notices about kernels it can do without off the user's screen.

    To be called before transformers is imported, which brings bitsandbytes in.
    """
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
