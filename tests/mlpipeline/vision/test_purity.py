"""The counting core imports nothing but the standard library, numpy, numba, OpenCV and itself."""

import subprocess
import sys
from pathlib import Path

import mlpipeline.vision

PACKAGE = Path(mlpipeline.vision.__file__).parent


def test_the_counting_core_loads_neither_django_nor_celery_nor_torch():
    root = PACKAGE.parent.parent
    names = [
        ".".join(path.relative_to(root).with_suffix("").parts) for path in sorted(PACKAGE.rglob("[!_]*.py"))
    ]
    assert {"mlpipeline.vision.pipeline", "mlpipeline.vision.filtering.filter_detections"} <= set(names)
    foreign = ["django", "celery", "torch", "ultralytics", "sahi", "PIL", "pandas", "shapely"]
    script = (
        "import importlib, sys\n"
        "sys.modules['scipy'] = None\n"  # numba loads it where it is installed; the core may not
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(sorted(set({foreign!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
