"""Where the settings come from: the environment, and the profile that it chooses."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

# Whether it is right for what else is set is checked by demeter.checks.
PRODUCTION = env.bool("DEMETER_PRODUCTION", default=False)
DATA_HOME = Path(env.str("DEMETER_DATA_HOME", default=str(BASE_DIR / "data"))).resolve()
DATA_HOME.mkdir(parents=True, exist_ok=True)

# The demo nursery and its public accounts, loaded by `manage.py setup_installation`: to try an installation, never to
# run one.
LOAD_DEMO = env.bool("DEMETER_LOAD_DEMO", default=False)
