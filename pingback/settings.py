"""All settings, read from the environment. What each one means: `docs/settings.md`."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from pingback import env
from pingback.secret_file import secret_from

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("PINGBACK_DATA_DIR", str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

# Where we are

DEBUG = env.boolean("DEBUG")
PUBLIC_URL = env.web_url("PUBLIC_URL", "http://127.0.0.1:8000")
PUBLIC_HOST = urlsplit(PUBLIC_URL).hostname or ""
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", PUBLIC_HOST])
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

ROOT_URLCONF = "pingback.urls"
ASGI_APPLICATION = "pingback.asgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

# Where data lives: SQLite and memory, or PostgreSQL and Redis

DATABASE_URL = env.service_url("DATABASE_URL", ["postgres", "postgresql"])
DATABASE_POOL_SIZE = env.integer("DATABASE_POOL_SIZE", 20, minimum=4)
REDIS_URL = env.service_url("REDIS_URL", ["redis", "rediss"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA_DIR / "pingback.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    },
}


def postgresql(url: str) -> dict[str, Any]:
    database: dict[str, Any] = {**dj_database_url.parse(url)}
    database["CONN_HEALTH_CHECKS"] = True  # the pool survives a restart of the server
    database["OPTIONS"] = {
        **database.get("OPTIONS", {}),
        "pool": {"min_size": 2, "max_size": DATABASE_POOL_SIZE, "timeout": 10},
    }
    return database


DATABASES = {"default": postgresql(DATABASE_URL) if DATABASE_URL else SQLITE}

if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "pingback"},
        }
    }

# Secrets

IS_EMBEDDED = not (DATABASE_URL or REDIS_URL)
SECRET_KEY = secret_from("SECRET_KEY", env.text("SECRET_KEY"), file=DATA_DIR / "secret_key", may_generate=IS_EMBEDDED)
ENCRYPTION_KEY = secret_from(
    "ENCRYPTION_KEY", env.text("ENCRYPTION_KEY"), file=DATA_DIR / "encryption_key", may_generate=IS_EMBEDDED
)

# Apps

INSTALLED_APPS = [
    *(["daphne"] if "runserver" in sys.argv else []),  # 17 MB that only runserver needs
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "pingback.apps.CollectedStaticFiles",
    "channels",
    "corsheaders",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "pingback.apps.PingBackConfig",
    "auth_signing",
    "widgets",
    "conversations",
]

MIDDLEWARE = [
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},  # nobody is given an address in it
    "staticfiles": {"BACKEND": "widgets.storage.HashedStaticStorage"},
}

# People and browsers

AUTH_USER_MODEL = "auth_signing.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
REGISTRATION_OPEN = env.boolean("REGISTRATION_OPEN", default=True)
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "inbox"

SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # http to https is the proxy's redirect; ours would break signed bodies

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

CORS_ALLOW_ALL_ORIGINS = True  # for the widget's calls only: they carry no cookie
CORS_URLS_REGEX = r"^/api/v1/visitor/"
CORS_EXPOSE_HEADERS = ["X-Request-Id", "Retry-After"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": ["pingback.api.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "pingback.schema.Schema",
    "EXCEPTION_HANDLER": "pingback.api.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": timedelta(days=env.integer("TOKEN_DAYS", 90, minimum=1))}
SPECTACULAR_SETTINGS = {
    "TITLE": "PingBack API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "ConversationStatus": "conversations.models.Status",
        "Presence": "auth_signing.models.Presence",
        "TeamRole": ["owner", "admin", "agent"],
        "InvitedRole": ["admin", "agent"],
        "Ask": "widgets.models.Ask",
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "pingback.schema.add_error"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Mail: printed where no server is named

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", 587, minimum=1)
EMAIL_HOST_USER = env.text("EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_PASSWORD")
EMAIL_USE_TLS = EMAIL_PORT == 587
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"PingBack <no-reply@{PUBLIC_HOST}>")

# Limits: moving windows, "count per period" (docs/api.md has the table)

LIMIT_CONFIG_PER_IP = env.limit("LIMIT_CONFIG_PER_IP", "3000/minute")
LIMIT_SIGNED = env.limit("LIMIT_SIGNED", "60/minute")
LIMIT_UNSIGNED_PER_IP = env.limit("LIMIT_UNSIGNED_PER_IP", "10/minute")
LIMIT_BEARER = env.limit("LIMIT_BEARER", "600/minute")
LIMIT_LOGIN_PER_ACCOUNT = env.limit("LIMIT_LOGIN_PER_ACCOUNT", "10/15 minutes")
LIMIT_LOGIN_PER_IP = env.limit("LIMIT_LOGIN_PER_IP", "30/15 minutes")
LIMIT_INVITATIONS = env.limit("LIMIT_INVITATIONS", "50/hour")
LIMIT_INVITATIONS_PER_EMAIL = env.limit("LIMIT_INVITATIONS_PER_EMAIL", "5/day")
LIMIT_UPLOADS = env.limit("LIMIT_UPLOADS", "200/hour")
LIMIT_REGISTER_PER_IP = env.limit("LIMIT_REGISTER_PER_IP", "30/hour")
LIMIT_VISITOR = env.limit("LIMIT_VISITOR", "120/minute")
LIMIT_VISITOR_PER_IP = env.limit("LIMIT_VISITOR_PER_IP", "1200/minute")

MAX_BODY_BYTES = env.integer("MAX_BODY_BYTES", 1_048_576, minimum=1024)
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_BYTES", 10_485_760, minimum=1024)
MAX_UPLOADS_AT_ONCE = env.integer("MAX_UPLOADS_AT_ONCE", 32, minimum=1)
MAX_REQUESTS_AT_ONCE = env.integer("MAX_REQUESTS_AT_ONCE", 16, minimum=1)
MAX_REQUESTS_WAITING = env.integer("MAX_REQUESTS_WAITING", 500, minimum=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

SOCKET_HELLO_SECONDS = env.integer("SOCKET_HELLO_SECONDS", 5, minimum=1)
SOCKET_CHECK_SECONDS = env.integer("SOCKET_CHECK_SECONDS", 30, minimum=1)
SOCKET_FRAMES_PER_SECOND = env.integer("SOCKET_FRAMES_PER_SECOND", 50, minimum=1)
SOCKET_QUEUE_FRAMES = env.integer("SOCKET_QUEUE_FRAMES", 500, minimum=10)
SOCKET_LIFETIME_SECONDS = env.integer("SOCKET_LIFETIME_SECONDS", 3600, minimum=10)
WRITER_QUEUE = env.integer("WRITER_QUEUE", 5_000, minimum=100)
BUS_QUEUE = env.integer("BUS_QUEUE", 1_000, minimum=10)

# What operators see

METRICS_TOKEN = env.text("METRICS_TOKEN")
LOG_FORMAT = env.choice("LOG_FORMAT", ["text", "json"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "pingback.logs.RequestIdFilter"},
        "no_rows": {"()": "pingback.logs.NoRowsFilter"},
    },
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": ["asctime", "levelname", "name", "request_id", "message"],
            "style": "sequence",
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["request_id", "no_rows"],
        }
    },
    "loggers": {
        "uvicorn.error": {"level": "WARNING"},  # below that it tells of every socket that comes and goes
        "django.request": {"level": "ERROR"},  # below that, of every wrong request
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody could fill the log
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}
