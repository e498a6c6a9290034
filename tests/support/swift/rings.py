"""Writes the rings of one node: `rings.py FOLDER account=PORT container=PORT object=PORT`.

A ring tells Swift on which device an object lies. Here it is one device, kept once. Read by the Python that has
Swift installed.
"""

import sys

from swift.common.ring import RingBuilder

PARTITION_POWER, REPLICAS, MIN_PART_HOURS = 8, 1, 1

for name, port in (argument.split("=") for argument in sys.argv[2:]):
    ring = RingBuilder(PARTITION_POWER, REPLICAS, MIN_PART_HOURS)
    ring.add_dev(
        {"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1}
    )
    ring.rebalance()
    ring.get_ring().save(f"{sys.argv[1]}/{name}.ring.gz")
