"""The signing key of a machine that runs without a configured one."""

import os
import secrets
import tempfile
from pathlib import Path


def read_or_make_secret_key(path: Path) -> str:
    """Read the key kept at `path`, or make one that only this user can read.

    Several processes may start at once: the first whose complete file gets the name decides for all.
    """
    if not path.exists():
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its key is read below
        finally:
            Path(draft).unlink()
    return path.read_text()
