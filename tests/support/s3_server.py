"""A real S3 server over HTTP: one node of OpenStack Swift with its S3 interface, from PyPI alone.

It checks signatures, expiry and checksums as a real store does; an in-memory imitation would accept wrong ones.
Four processes: the proxy, which speaks S3, and the three that keep accounts, containers and objects.
"""

import getpass
import os
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from demeter.supervisor import ProcessSpec
from tests.support.servers import free_port, running_server

ROOT = Path(__file__).resolve().parents[2]
SWIFT_PYTHON = ROOT / ".venv-s3" / "bin" / "python"  # made by `make servers`
SWIFT_DIR = Path(__file__).parent / "swift"
MODULES = {
    "account": "swift.account.server",
    "container": "swift.container.server",
    "object": "swift.obj.server",
    "proxy": "swift.proxy.server",
}
BACKENDS = ("account", "container", "object")

SWIFT_CONF = """\
[swift-hash]
swift_hash_path_suffix = demeter
[swift-constraints]
max_meta_value_length = 2048
"""
COMMON_CONF = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {etc}
devices = {data}
mount_check = false
fallocate_reserve = 0
user = {user}
workers = 0
log_level = WARNING
node_timeout = 60
"""
BACKEND_CONF = """\
[pipeline:main]
pipeline = healthcheck {name}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:{name}-server]
use = egg:swift#{name}
"""
PROXY_CONF = """\
[pipeline:main]
pipeline = catch_errors healthcheck listing_formats bulk s3api auth copy slo dlo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = {region}
[filter:auth]
paste.filter_factory = s3_auth:filter_factory
access_key = {access_key}
user_s3_owner = {secret_key} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
error_suppression_interval = 0
node_timeout = 60
"""


@dataclass(frozen=True)
class S3Server:
    """Where the store answers and who may write to it: signature version 4, path-style addresses."""

    endpoint_url: str
    access_key: str = "demeter"
    secret_key: str = "only-for-this-test"
    region: str = "us-east-1"

    @property
    def port(self) -> int:
        return urlsplit(self.endpoint_url).port or 0

    def client(self) -> Any:
        """A client with the owner's credentials."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )

    def settings(self, endpoint_url: str) -> dict[str, str]:
        """The environment of a product that reaches this store at another address, that of a proxy."""
        return {
            "S3_ENDPOINT_URL": endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_S3_REGION_NAME": self.region,
        }


def has_swift() -> bool:
    """Whether `make servers` has been run."""
    return SWIFT_PYTHON.exists()


@contextmanager
def running_s3(*, log_dir: Path) -> Iterator[S3Server]:
    """An empty store that lives as long as the block."""
    with tempfile.TemporaryDirectory(prefix="demeter-s3-") as name, ExitStack() as servers:
        etc, data = Path(name) / "etc", Path(name) / "data"
        etc.mkdir()
        (data / "d1").mkdir(parents=True)
        ports = {part: free_port() for part in MODULES}
        server = S3Server(f"http://127.0.0.1:{ports['proxy']}")
        _write_conf(etc, data, ports, server)
        rings = [f"{part}={ports[part]}" for part in BACKENDS]
        subprocess.run([SWIFT_PYTHON, SWIFT_DIR / "rings.py", etc, *rings], check=True, capture_output=True)
        path = os.pathsep.join([str(SWIFT_DIR), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        for part, module in MODULES.items():
            command = (
                str(SWIFT_PYTHON), str(SWIFT_DIR / "serve.py"),
                str(etc / "swift.conf"), module, str(etc / f"{part}.conf"), "-v",
            )  # fmt: skip
            servers.enter_context(
                running_server(
                    ProcessSpec(f"s3-{part}", command, {"PYTHONPATH": path}),
                    log_dir=log_dir,
                    is_ready=lambda port=ports[part]: _is_healthy(port),
                )
            )
        yield server


def _write_conf(etc: Path, data: Path, ports: dict[str, int], server: S3Server) -> None:
    (etc / "swift.conf").write_text(SWIFT_CONF)
    for part, port in ports.items():
        conf = COMMON_CONF + (PROXY_CONF if part == "proxy" else BACKEND_CONF)
        text = conf.format(
            name=part, port=port, etc=etc, data=data, user=getpass.getuser(),
            region=server.region, access_key=server.access_key, secret_key=server.secret_key,
        )  # fmt: skip
        (etc / f"{part}.conf").write_text(text)


def _is_healthy(port: int) -> bool:
    # Asked first by a plain connection: urllib's errors for a refused one differ between versions.
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return False
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthcheck", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False
