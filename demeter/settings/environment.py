"""Where the settings come from: the environment, and the profile that it chooses."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ

BASE_DIR = Path(__file__).resolve().parents[2]


class Environment(environ.Env):
    """The variables of this process. One that is left empty is as if it were not set: the default counts."""

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        if default is self.NOTSET or self.ENVIRON.get(var, "").strip():
            return super().get_value(var, cast, default, parse_default)
        return self.parse_value(default, cast) if parse_default else default


env = Environment()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

# Whether it is right for what else is set is checked by demeter.checks.
PRODUCTION = env.bool("DEMETER_PRODUCTION", default=False)
DATA_HOME = Path(env.str("DEMETER_DATA_HOME", default=str(BASE_DIR / "data"))).resolve()
DATA_HOME.mkdir(parents=True, exist_ok=True)

# The demo nursery and its public accounts, loaded by `manage.py setup_installation`: to try an installation, never to
# run one.
LOAD_DEMO = env.bool("DEMETER_LOAD_DEMO", default=False)


def postgres_url() -> str:
    """The database as the first design's .env names it, in parts; empty without DATABASE_HOST."""
    host = env.str("DATABASE_HOST", default="")
    user, password, name = (
        quote(value, safe="")
        for value in (
            env.str("POSTGRES_USER", default="demeter"),
            env.str("POSTGRES_PASSWORD", default=""),
            env.str("POSTGRES_DB", default="demeter"),
        )
    )
    return f"postgres://{user}:{password}@{host}/{name}" if host else ""


def redis_url(number: int) -> str:
    """A database of the Redis that the first design's .env names by its host; empty without REDIS_IP."""
    host, password = env.str("REDIS_IP", default=""), env.str("REDIS_PASSWORD", default="")
    secret = f":{quote(password, safe='')}@" if password else ""
    return f"redis://{secret}{host}:6379/{number}" if host else ""
