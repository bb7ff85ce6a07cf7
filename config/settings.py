"""Django settings: deployment values come from :mod:`config.environment`; a school's rules live in ``school.Rule``."""

import os
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.environment import (
    BASE_DIR,
    PRODUCTION,
    SECRETS,
    VAR_DIR,
    database,
    events_keep_days,
    given,
    number,
    server_address,
    snapshot_recipients,
    store,
    words,
)
from config.logs import logging_settings

django_stubs_ext.monkeypatch()

SECRET_KEY = SECRETS["SECRET_KEY"]
FIELD_KEYS = SECRETS["FIELD_KEYS"]
BLIND_INDEX_KEY = SECRETS["BLIND_INDEX_KEY"]
LEDGER_SEAL_KEY = SECRETS["LEDGER_SEAL_KEY"]
PACKAGE_SIGNING_KEY = SECRETS["PACKAGE_SIGNING_KEY"]
SNAPSHOT_RECIPIENTS = snapshot_recipients()
EVENTS_KEEP_DAYS = events_keep_days()
FIELD_CIPHER = given("FIELD_CIPHER") or "AES-256-GCM"
DEBUG = False
ALLOWED_HOSTS = words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Production needs ALLOWED_HOSTS: the host names under which people open it.")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "guardian",
    "simple_history",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "core",
    "ledger",
    "school",
    "accounts",
    "setup",
    "files",
    "jobs",
    "approvals",
    "records",
    "archive",
    "enrollment",
    "audit",
    "reports",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.body_limit.BodyLimitMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ledger.middleware.LedgerMiddleware",
    "accounts.middleware.AccountMiddleware",
    "core.errors.MethodPage",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "django.template.context_processors.i18n",
                "core.context_processors.page",
            ],
        },
    }
]

_OWNER_REQUESTED = os.environ.get("XUEJI_DATABASE_ROLE") == "owner"
_APP_URL = server_address("DATABASE_URL", "postgresql://xueji_app@127.0.0.1:5432/xueji")
if _OWNER_REQUESTED and given("DATABASE_URL") and not given("DATABASE_OWNER_URL"):
    raise ImproperlyConfigured("DATABASE_OWNER_URL must be set beside DATABASE_URL to change tables.")
_POOL_SIZE = 0 if _OWNER_REQUESTED else number("DATABASE_POOL_SIZE", 0)
_POOL = {"pool": {"min_size": 1, "max_size": _POOL_SIZE, "timeout": 10}}
DATABASES = {
    "default": database(server_address("DATABASE_OWNER_URL", _APP_URL) if _OWNER_REQUESTED else _APP_URL)
}
DATABASES["default"]["CONN_MAX_AGE"] = 0
# Tables lie on solid disks or in memory, and no question of a page is long enough to wait for a second process.
_PLANNER = {"options": "-c random_page_cost=1.1 -c max_parallel_workers_per_gather=0 -c jit=off"}
DATABASES["default"]["OPTIONS"] = _PLANNER | (_POOL if _POOL_SIZE else {})
DATABASE_APP_ROLE = database(_APP_URL)["USER"]

REDIS_URL = server_address("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.adapters.UserBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.StrengthValidator"},
    {"NAME": "accounts.passwords.FormerPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("staff_no", "name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SHELL_URLS = {"home": "reports:home"}
GUARDIAN_USER_OBJ_PERMS_MODEL = "guardian.UserObjectPermission"
ANONYMOUS_USER_NAME = None

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "staff_no"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_FORMS = {"login": "accounts.forms.SignInForm", "reauthenticate": "accounts.forms.PasswordAgainForm"}
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "10/20m/key", "change_password": "10/20m/user"}
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondFactorForm",
    "reauthenticate": "accounts.forms.SecondFactorAgainForm",
    "activate_totp": "accounts.forms.ActivateFactorForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Xueji"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
TWO_FACTOR_ROLES = words(
    "TWO_FACTOR_ROLES", "system_admin,security_admin,auditor,archive_head" if PRODUCTION else ""
)

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=20)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "accounts.lockout.typed_staff_no"
AXES_CLIENT_IP_CALLABLE = "ledger.middleware.client_address"
AXES_LOCKOUT_CALLABLE = "accounts.lockout.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

TRUSTED_PROXY = given("TRUSTED_PROXY") == "1"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["core.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = Path(given("STATIC_ROOT") or VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
_STATIC_BACKEND = "core.storage.StaticStorage"
STORAGES = {
    "default": store(
        bucket=given("FILES_BUCKET"),
        url=given("FILES_S3_URL"),
        region=given("FILES_S3_REGION"),
        access_key=given("FILES_S3_ACCESS_KEY"),
        secret_key=given("FILES_S3_SECRET_KEY"),
        directory={},
    ),
    "seals": store(
        bucket=given("SEALS_BUCKET"),
        url=given("SEALS_S3_URL"),
        region=given("SEALS_S3_REGION"),
        access_key=given("SEALS_S3_ACCESS_KEY"),
        secret_key=given("SEALS_S3_SECRET_KEY"),
        directory={"location": given("SEALS_DIRECTORY") or str(VAR_DIR / "seals")},
    ),
    "staticfiles": {
        "BACKEND": _STATIC_BACKEND if PRODUCTION else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if not PRODUCTION:
    STATIC_ROOT.mkdir(exist_ok=True)
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_MAX_AGE = 0
MEDIA_ROOT = VAR_DIR / "blobs"
CLAMAV_ADDRESS = given("CLAMAV_ADDRESS")
FILE_SM3 = given("FILE_SM3") == "1"
MAX_BODY_BYTES = 72 << 20
"""The largest body of a request: the largest file that any page takes, and its form. The proxy holds the same."""

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 50 * 60
CELERY_TASK_TIME_LIMIT = 55 * 60
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60 * 60}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600_000
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BEAT_SCHEDULE = {
    "ledger.seal": {"task": "ledger.seal", "schedule": 300.0, "options": {"expires": 300.0}},
    "ledger.archive_months": {"task": "ledger.archive_months", "schedule": crontab(hour=3, minute=30)},
    "audit.verify": {"task": "audit.verify", "schedule": crontab(hour=2, minute=30)},
    "jobs.sweep": {"task": "jobs.sweep", "schedule": 15.0, "options": {"expires": 15.0}},
    "accounts.clear_sessions": {"task": "accounts.clear_sessions", "schedule": 24 * 3600.0},
    "audit.supervise": {"task": "audit.supervise", "schedule": 4 * 3600.0},
    "files.sweep_orphans": {"task": "files.sweep_orphans", "schedule": 24 * 3600.0},
    "enrollment.forget_checked": {"task": "enrollment.forget_checked", "schedule": 24 * 3600.0},
    "archive.check_files": {"task": "archive.check_files", "schedule": 4 * 3600.0},
    "archive.expire_sharings": {"task": "archive.expire_sharings", "schedule": 4 * 3600.0},
    "archive.lapse_inquiries": {"task": "archive.lapse_inquiries", "schedule": 4 * 3600.0},
    "archive.open_appraisals": {"task": "archive.open_appraisals", "schedule": 24 * 3600.0},
    "audit.open_grant_reviews": {"task": "audit.open_grant_reviews", "schedule": 4 * 3600.0},
    "audit.find_alerts": {"task": "audit.find_alerts", "schedule": 4 * 3600.0},
    "audit.find_unused": {"task": "audit.find_unused", "schedule": crontab(hour=4, minute=30)},
    "approvals.draw_spot_checks": {"task": "approvals.draw_spot_checks", "schedule": 24 * 3600.0},
    "approvals.remind": {"task": "approvals.remind", "schedule": 4 * 3600.0},
    "records.discard_lapsed": {"task": "records.discard_lapsed", "schedule": 600.0},
    "audit.discard_exports": {"task": "audit.discard_exports", "schedule": 600.0},
    "ledger.ensure_partitions": {"task": "ledger.ensure_partitions", "schedule": 24 * 3600.0},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

LOGGING = logging_settings(as_json=PRODUCTION)

SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "core.errors.csrf_failed"
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_SECURE = PRODUCTION
if PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
