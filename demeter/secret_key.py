"""The signing key of a machine that runs without a configured one."""

import os
import secrets
from pathlib import Path


def read_or_make_secret_key(path: Path) -> str:
    """Read the key kept at `path`, or make one that only this user can read.

    Several processes may start at once: the first one to create the file decides.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        key = path.read_text()
        if key:
            return key
        raise RuntimeError(f"{path} is empty. Delete it and start again.") from None
    with os.fdopen(descriptor, "w") as file:
        key = secrets.token_urlsafe(50)
        file.write(key)
    return key
