"""How the renderer's kernels are compiled: each version of them apart from the others.

numba looks only at the file of the function itself: without this, a change of a pattern would leave the old pattern in
the cached shader that calls it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlpipeline.vision.runtime.jit import compiler

_HERE = Path(__file__).parent
_SOURCES = ("noise.py", "patterns.py", "rasterizer.py", "shading.py")
_DIGEST = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _SOURCES)).hexdigest()

jit = compiler(f"scene-kernels-{_DIGEST[:16]}")
