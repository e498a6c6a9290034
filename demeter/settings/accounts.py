"""Sign-in, roles, passwords (demeter.accounts)."""

from datetime import timedelta

from django.urls import reverse_lazy

from demeter.settings.environment import env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "demeter.accounts.backends.RoleBackend"]
LOGIN_URL = reverse_lazy("sign-in")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = reverse_lazy("sign-in")
PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", default=8)
REGISTRATION_OPEN = env.bool("REGISTRATION_OPEN", default=True)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "demeter.accounts.password_rules.PersonalDataValidator"},
]
# Failures of one account from one address, never successes, before that pair has to wait (demeter.accounts.lockout).
AXES_FAILURE_LIMIT = LOGIN_FAILURES_PER_HOUR = env.int("LOGIN_FAILURES_PER_HOUR", default=10)
# Failures of one address in ten minutes, whatever accounts they are for (demeter.accounts.failure_budget).
LOGIN_FAILURES_PER_ADDRESS = env.int("LOGIN_FAILURES_PER_ADDRESS", default=100)
AXES_HANDLER = "demeter.accounts.lockout.GrowingLockHandler"
AXES_COOLOFF_TIME = timedelta(hours=1)  # a count ends this long after its last failure
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address", "user_agent"]]  # the agent: a known browser, or empty
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # one row for each sign-in, for ever
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
# axes' middleware answers for views that ignore a lock; our service refuses.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.int("ACCESS_TOKEN_MINUTES", default=15)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "CHECK_REVOKE_TOKEN": True,  # a token carries a print of the password and ends with it
}
