"""The one settings file. Everything comes from the environment; a wrong value stops the start with a sentence."""

import os
import sys
from ipaddress import ip_network
from pathlib import Path

from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured

from workbench import peer_addresses
from workbench.jail.layers import OWN_UID
from workbench.launcher import addresses, keys
from workbench.launcher.errors import LauncherError

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCT = "Winnow"


def env(name: str, default: str = "") -> str:
    """The variable, the content of the file that NAME_FILE points to, or the default."""
    try:
        return addresses.given(name) or default
    except LauncherError as error:
        raise ImproperlyConfigured(str(error)) from error


def env_int(name: str, default: int, low: int, high: int) -> int:
    """A whole number within bounds."""
    text = env(name, str(default))
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
    return int(text)


DATA_DIR = addresses.data_dir()
ROLE = "owner" if env("WINNOW_DATABASE_ROLE") == "owner" else "app"
DATABASES = {
    "default": addresses.django_database("owner" if ROLE == "owner" else "app")
    | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
}
# For prepared statements only (prepared.py). Left to itself PostgreSQL plans them anew each time, as it takes a list
# of unknown length for a long one.
_OPTIONS = DATABASES["default"]["OPTIONS"]
_OPTIONS["options"] = f"{_OPTIONS.get('options', '')} -c plan_cache_mode=force_generic_plan".strip()
APP_ROLE = addresses.django_database("app")["USER"]

SECRET_KEY = env("WINNOW_SECRET_KEY") or keys.secret(DATA_DIR, "django")
DEBUG = False
BIND = env("WINNOW_BIND", "127.0.0.1:8000")
ALLOWED_HOSTS = [host for host in env("WINNOW_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if host]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host not in {"localhost", "127.0.0.1", "[::1]"}]
BEHIND_TLS = env("WINNOW_BEHIND_TLS") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
CLIENT_CERT_HEADER = env("WINNOW_CLIENT_CERT_HEADER")
if CLIENT_CERT_HEADER and not BEHIND_TLS:
    raise ImproperlyConfigured("WINNOW_CLIENT_CERT_HEADER needs a proxy that ends TLS: set WINNOW_BEHIND_TLS=1, too.")
try:
    PROXIES = [ip_network(one.strip()) for one in env("WINNOW_PROXIES", "127.0.0.0/8,::1").split(",") if one.strip()]
except ValueError as error:
    raise ImproperlyConfigured(f"WINNOW_PROXIES: {error}.") from error
EVIDENCE_ROOTS = [Path(root) for root in env("WINNOW_EVIDENCE_ROOTS").split(os.pathsep) if root] or [DATA_DIR / "inbox"]
for root in EVIDENCE_ROOTS:
    if not root.is_absolute():
        raise ImproperlyConfigured(f"WINNOW_EVIDENCE_ROOTS: {root} must be an absolute path.")
DROP = Path(env("WINNOW_DROP") or DATA_DIR / "drop")
if not DROP.is_absolute():
    raise ImproperlyConfigured(f"WINNOW_DROP: {DROP} must be an absolute path.")
DROP_SECONDS = env_int("WINNOW_DROP_SECONDS", 60, 1, 86_400)
LISTS = Path(env("WINNOW_LISTS") or DATA_DIR / "lists")
if not LISTS.is_absolute():
    raise ImproperlyConfigured(f"WINNOW_LISTS: {LISTS} must be an absolute path.")
DROP_AS = env("WINNOW_DROP_AS", "operator")
try:
    PEER_HOSTS = peer_addresses.allowed(env("WINNOW_PEER_HOSTS"))
except ValueError as error:
    raise ImproperlyConfigured(f"WINNOW_PEER_HOSTS: {error}.") from error
PEER_AUTHORITIES = Path(env("WINNOW_PEER_AUTHORITIES")) if env("WINNOW_PEER_AUTHORITIES") else None
PEER_CERTIFICATE = Path(env("WINNOW_PEER_CERTIFICATE")) if env("WINNOW_PEER_CERTIFICATE") else None
PEER_KEY = Path(env("WINNOW_PEER_KEY")) if env("WINNOW_PEER_KEY") else None
for name, path in (
    ("AUTHORITIES", PEER_AUTHORITIES),
    ("CERTIFICATE", PEER_CERTIFICATE),
    ("KEY", PEER_KEY),
):
    if path and not path.is_file():
        raise ImproperlyConfigured(f"WINNOW_PEER_{name}: {path} is not a file.")
if bool(PEER_CERTIFICATE) != bool(PEER_KEY):
    raise ImproperlyConfigured("WINNOW_PEER_CERTIFICATE and WINNOW_PEER_KEY belong together: set both, or none.")

LOCK_AFTER_MINUTES = env_int("WINNOW_LOCK_MINUTES", 10, 1, 30)
SESSION_HOURS = 12  # absolute; security.md 5.7
BATCH_ITEMS = 200
STACK_SHOWN = env_int("WINNOW_STACK_SHOWN", 31, 0, 31)
STACK_REACH = env_int("WINNOW_STACK_REACH", 16, 0, STACK_SHOWN)
BATCH_HOURS = env_int("WINNOW_BATCH_HOURS", 24, 1, 24)
ARCHIVE_BYTES = env_int("WINNOW_ARCHIVE_BYTES", 1 << 36, 1 << 20, 1 << 50)
ARCHIVE_MEMBERS = env_int("WINNOW_ARCHIVE_MEMBERS", 2_000_000, 1, 5_000_000)
ARCHIVE_DEPTH = env_int("WINNOW_ARCHIVE_DEPTH", 5, 0, 20)
UPLOAD_BYTES = env_int("WINNOW_UPLOAD_BYTES", 1 << 42, 1 << 20, 1 << 50)
LIST_BYTES = env_int("WINNOW_LIST_BYTES", 1 << 38, 1 << 20, 1 << 50)
PACKAGE_BYTES = env_int("WINNOW_PACKAGE_BYTES", 1 << 36, 1 << 20, 1 << 50)
PACKAGE_DAYS = env_int("WINNOW_PACKAGE_DAYS", 30, 1, 3650)
UPLOAD_HOURS = env_int("WINNOW_UPLOAD_HOURS", 168, 1, 8760)
API_BYTES = env_int("WINNOW_API_BYTES", 1 << 18, 1 << 12, 1 << 21)
API_REQUESTS = env_int("WINNOW_API_REQUESTS", 600, 1, 1_000_000)
API_HASHES = env_int("WINNOW_API_HASHES", 200_000, 1, 1_000_000_000)
PERSON_REQUESTS = env_int("WINNOW_PERSON_REQUESTS", 2 * API_REQUESTS, 1, 2_000_000)
PERSON_HASHES = env_int("WINNOW_PERSON_HASHES", 2 * API_HASHES, 1, 2_000_000_000)
PEER_REQUESTS = env_int("WINNOW_PEER_REQUESTS", 1200, 1, 1_000_000)
PEER_HASHES = env_int("WINNOW_PEER_HASHES", 20_000, 1, 1_000_000_000)
PEER_ENTRIES = env_int("WINNOW_PEER_ENTRIES", 50_000_000, 1, 10_000_000_000)
PEER_PACKAGES = env_int("WINNOW_PEER_PACKAGES", 60, 1, 1_000_000)
# What a person may ask for in an hour without a reason; cases/budgets.py.
BUDGETS = {
    "looks": env_int("WINNOW_HOUR_LOOKS", 30_000, 1, 10_000_000),
    "outside": env_int("WINNOW_HOUR_OUTSIDE", 1_000, 1, 10_000_000),
    "searches": env_int("WINNOW_HOUR_SEARCHES", 3_000, 1, 10_000_000),
    "exports": env_int("WINNOW_HOUR_EXPORTS", 200, 1, 10_000_000),
    "downloads": env_int("WINNOW_HOUR_DOWNLOADS", 200, 1, 10_000_000),
}
INGEST_TASKS = env_int("WINNOW_INGEST_TASKS", os.cpu_count() or 2, 1, 64)

JAIL_UID = env_int("WINNOW_JAIL_UID", OWN_UID, 1, 2**32 - 2)
if env("WINNOW_JAIL") not in ("", "complete", "incomplete-is-accepted"):
    raise ImproperlyConfigured("WINNOW_JAIL must be complete or incomplete-is-accepted.")
JAIL_INCOMPLETE_IS_ACCEPTED = env("WINNOW_JAIL") == "incomplete-is-accepted"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "axes",
    "oauth2_provider",
    "workbench",
    "hashsets",
    "cases",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "workbench.middleware.SafeHeaders",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # behind what sets headers: static files have them too
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workbench.middleware.Language",  # of the person, so behind what says who it is
    "workbench.middleware.SignedInOnly",  # before anything that reads a request's body to the disk
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "workbench.middleware.ErrorsAsAnswers",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "workbench.urls"
WSGI_APPLICATION = "workbench.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workbench.context.frame",
                "cases.care.context.meter",
            ],
        },
    }
]

AUTH_USER_MODEL = "workbench.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "workbench.people.PasswordBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "workbench:signin"
LOGIN_REDIRECT_URL = "cases:home"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = None  # until an administrator releases it
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "workbench.views.people.locked_out"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # an account locks by its name: behind a proxy everybody has one address

SESSION_COOKIE_NAME = "__Host-winnow"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "workbench.views.errors.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["default"],
    }
}

REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "workbench.api.schema.Described"}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{PRODUCT} API",
    "VERSION": "1",
    "DESCRIPTION": "Cases, their contents and decisions, hash sets and look-ups. See docs/api.md.",
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": [],
}

# Other organisations' tokens (hashsets/odata): client credentials only, nothing kept in clear (RFC 9700).
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "SCOPES_BACKEND_CLASS": "hashsets.odata.scopes.PeerScopes",
    "OAUTH2_VALIDATOR_CLASS": "hashsets.odata.scopes.PairedOnly",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
} | {
    f"COMPLIANT_BCP_RFC9700_{name}": True
    for name in ("IMPLICIT_GRANT", "PASSWORD_GRANT", "PKCE_METHOD", "ACCESS_TOKEN_TRANSPORT", "AUTHZ_RESPONSE_ISS",
                 "TOKEN_STORAGE", "REFRESH_TOKEN", "REDIRECT_URI_SCHEME", "REDIRECT_URI_MATCHING", "PKCE_REQUIRED")
}  # fmt: skip

LANGUAGE_CODE = "en"  # of everything that no page is made of: log, exports, command line (decision 0018)
LANGUAGES = [
    (code, LANG_INFO.get(code, {"name_local": code})["name_local"])
    for code in env("WINNOW_LANGUAGES", "en,de").split(",")
]
if LANGUAGE_CODE not in dict(LANGUAGES):
    raise ImproperlyConfigured("WINNOW_LANGUAGES must name en, in which texts without a translation are shown.")
LOCALE_PATHS = [DATA_DIR / "locale"]  # made from locale/ at a start of changed code (translating/catalogs.py)
FORMAT_MODULE_PATH = "workbench.formats"
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "workbench.lean.LeanStorage"},
}
WHITENOISE_USE_FINDERS = False  # only what was collected at start: files do not change under a running server
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+/words/.+\.[0-9a-f]{12}\.js$"  # named by what is in them
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = addresses.made_private(DATA_DIR / "uploads" / "incoming")  # evidence; swept by age
DATA_UPLOAD_MAX_NUMBER_FILES = 200
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"no_links": {"()": "workbench.log_filter.NoLinks"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "stream": sys.stderr,
            "formatter": "line",
            "filters": ["no_links"],
        },
    },
    "root": {"handlers": ["stderr"], "level": env("WINNOW_LOG_LEVEL", "WARNING")},
}
