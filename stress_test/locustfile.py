"""The users of tests/load/locustfile.py, where those who know the first design look for them.

`locust -f stress_test/locustfile.py --host http://localhost:8000`
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.load.locustfile import NurseryUser, SigningInUser

__all__ = ["NurseryUser", "SigningInUser"]
