"""Runs one Swift server: `serve.py SWIFT_CONF MODULE SERVER_CONF`. Read by the Python that has Swift installed.

This is what Swift's own `swift-*-server` programs do, after pointing it away from /etc/swift, which needs root.
"""

import importlib
import sys

from swift.common import utils

utils.SWIFT_CONF_FILE = sys.argv.pop(1)
sys.exit(importlib.import_module(sys.argv.pop(1)).main())
