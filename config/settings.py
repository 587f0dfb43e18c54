"""Every setting of 店圈: what differs between machines is read and checked by `config.environment`."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from config import embedded, environment, shared_company

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.read({**os.environ, **shared_company.variables(os.environ)})

ENV = env.env
PRODUCTION = env.production
DEBUG = env.debug
SECRET_KEY = env.secret_key
# Keys of members' phones and openids: `id:base64` pairs, the first one encrypts, all decrypt.
IDENTITY_KEYS = env.identity_keys
IDENTITY_HASH_KEY = env.identity_hash_key
ALLOWED_HOSTS = list(env.allowed_hosts) or ["127.0.0.1", "localhost", "[::1]"]
# Where messages outside of a request point to; a leading dot means "and all below".
SITE_URL = env.site_url or (
    f"https://{env.allowed_hosts[0].lstrip('.')}" if env.allowed_hosts else f"http://127.0.0.1:{env.port}"
)
# What webhooks may reach although it is not public: at home, this site itself.
WEBHOOK_TRUSTED_ORIGINS = () if PRODUCTION else (SITE_URL,)
CSRF_TRUSTED_ORIGINS = list(env.csrf_trusted_origins)
METRICS_TOKEN = env.metrics_token
TRUSTED_PROXIES = env.trusted_proxies if PRODUCTION else 0

WECOM_CORP_ID = env.wecom_corp_id
WECOM_AGENT_ID = env.wecom_agent_id
WECOM_SECRET = env.wecom_secret
WECOM_TOKEN = env.wecom_token
WECOM_AES_KEY = env.wecom_aes_key
WECOM_CONTACTS_SECRET = env.wecom_contacts_secret
WECOM_API_BASE = env.wecom_api_base
OFFICIAL_ACCOUNT_APP_ID = env.official_account_app_id
OFFICIAL_ACCOUNT_SECRET = env.official_account_secret
WECHAT_PAY: dict[str, Any] = {
    "mchid": env.wechat_pay_mchid,
    "app_id": env.official_account_app_id,
    "serial": env.wechat_pay_serial,
    "private_key_file": env.wechat_pay_key_file,
    "apiv3_key": env.wechat_pay_apiv3_key,
    "notify_url": f"{SITE_URL}/pay/notify/wechat/",
    "public_key_file": env.wechat_pay_public_key_file or None,
    "public_key_id": env.wechat_pay_public_key_id or None,
}
CUSTOMER_SERVICE_URL = env.customer_service_url
WECOM_OAUTH_BASE = env.wecom_oauth_base
WECOM_LOGIN_BASE = env.wecom_login_base
WECOM_JSSDK_URL = env.wecom_jssdk_url
WECOM_BULK_PER_MINUTE = env.wecom_bulk_per_minute

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "dashboard",
    "metrics",
    "campaigns",
    "communities",
    "tagging",
    "members",
    "stores",
    "wecom",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "lucide",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    # Probes come by address, every few seconds: before the host check, the counters and the log.
    "config.health.ProbeMiddleware",
    "config.middleware.ClientAddress",
    "config.middleware.RequestCeiling",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.PermissionsPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "config.middleware.SessionLifetime",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]

_embedded_database, _embedded_redis = embedded.urls()


def _database(url: str) -> dict[str, Any]:
    """Django's form of a PostgreSQL address; libpq itself reads it, so every parameter it knows may be there."""
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    parts = conninfo_to_dict(url)
    # The pool is what keeps 200 concurrent requests inside PostgreSQL's connection limit.
    options = {"connect_timeout": 5, "pool": {"min_size": 0, "max_size": 8, "timeout": 5}}
    options |= {name: value for name, value in parts.items() if name not in known}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{django_name: parts[name] for name, django_name in known.items() if name in parts},
        "OPTIONS": options,
    }


DATABASES = {"default": _database(env.database_url or _embedded_database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis_url or _embedded_redis
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    }
}

AUTH_USER_MODEL = "stores.Staff"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "stores.passwords.LongEnoughValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "stores:login"
LOGIN_REDIRECT_URL = "dashboard:home"
LOGOUT_REDIRECT_URL = "stores:login"
# Whoever is in WeCom logs in there; HQ keeps a password, for the day WeCom does not answer.
PASSWORD_FOR_EVERYONE = {"everyone": True, "hq": False, None: not PRODUCTION}[env.password_login]
TOTP_REQUIRED = PRODUCTION if env.totp_required is None else env.totp_required
OTP_TOTP_ISSUER = "店圈"
# Stores share one address behind a NAT, so an address alone is never locked out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "stores/locked.html"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # 15 minutes are 15 minutes, as the page says
AXES_VERBOSE = False

# Store staff use their own phones: a session ends after 12 hours unused and after 7 days in any case
# (`config.middleware.SessionLifetime`).
SESSION_COOKIE_AGE = 12 * 3600
SESSION_ABSOLUTE_AGE = 7 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.secure_ssl_redirect
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

MAX_UPLOAD_BYTES = 100 * 1024 * 1024  # one imported file
MAX_REQUEST_BYTES = 2 * MAX_UPLOAD_BYTES + 1024 * 1024  # so that a file twice too large still gets a page of its own
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # a form without its files
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # above it a file is spooled to disk
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# The sandbox's JS-SDK runs in our pages and calls home; the real one is a file of our own.
_jssdk_origin = ["{0.scheme}://{0.netloc}".format(urlsplit(env.wecom_jssdk_url))] if env.wecom_jssdk_url else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", *_jssdk_origin],
        "style-src": ["'self'"],
        "style-src-attr": ["'unsafe-inline'"],  # ECharts tooltips write style attributes
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'", *_jssdk_origin],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / ".local" / "vendor"]
# Outside production files are served from where they lie, so nothing needs collecting.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION  # files are found as they are asked for: no collectstatic at home
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "config.storage.HashedFiles"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Imports lie here too, so nothing serves this folder but `config.media`, which shows product pictures.
MEDIA_ROOT = Path(env.media_root or embedded.LOCAL / "media")
MEDIA_URL = "media/"

LOGGING_CONFIG = "config.logging.configure"
LOGGING = {"json": PRODUCTION, "level": env.log_level}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "stores.rest.keys.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated", "stores.rest.keys.HasScope"],
    "DEFAULT_PAGINATION_CLASS": "stores.rest.pages.NewestFirst",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "stores.rest.keys.TokenRateThrottle",
        "rest_framework.throttling.ScopedRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "600/min", "lookup": "60/min"},
    "EXCEPTION_HANDLER": "stores.rest.errors.answer_error",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "店圈 API",
    "DESCRIPTION": "门店、会员、社群、群发、活动、订单与指标。每个令牌只看得到它所属员工看得到的门店。",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "PostState": "communities.models.PostTask.State",
        "OrderState": "campaigns.models.Order.State",
        "CampaignState": "campaigns.models.Campaign.State",
        "OrderSettling": "campaigns.models.Order.Settling",
        "CampaignSettling": "campaigns.models.Campaign.Settling",
        "GroupKind": "communities.models.CustomerGroup.Kind",
    },
}
