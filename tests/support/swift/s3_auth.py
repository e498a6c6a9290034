"""Lets S3 clients sign in with an access key of any form. Loaded by Swift's proxy through its configuration.

Swift's own `tempauth` spells every access key `account:user`; S3 programs are given plain names.
"""

from collections.abc import Callable
from typing import Any

from swift.common.middleware.tempauth import TempAuth

OWNER = "s3:owner"  # how tempauth knows the one user of this store


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> Callable[[Any], TempAuth]:
    """What paste.deploy calls. `access_key` names the user whose secret is `user_s3_owner`'s."""
    access_key = local_conf.pop("access_key")

    def build(app: Any) -> TempAuth:
        auth = TempAuth(app, {**global_conf, **local_conf})
        auth.users[access_key] = auth.users[OWNER]
        return auth

    return build
