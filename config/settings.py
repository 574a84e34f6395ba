"""Settings: one file, read from the environment.

`DEBUG=1` alone is a complete development setting: SQLite, a Redis found or not, throw-away keys.
Without DEBUG a missing or weak secret, or a plain connection off this host, stops the start with a
sentence that names it (see `config/environment.py`).
"""

from datetime import timedelta
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from config import environment as env
from config.foundation import logging as clinic_logging

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("VAR_DIR", default=str(BASE_DIR / "var")))

DEBUG = env.switch("DEBUG", default=False)
TESTING = env.switch("TESTING", default=False)

# --- secrets: five different ones, none derived from another -----------------------------------
SECRET_KEY = env.secret("SECRET_KEY", debug=DEBUG, var_dir=VAR_DIR)
FIELD_KEYS = env.key_ring("FIELD_KEYS", debug=DEBUG, var_dir=VAR_DIR)  # kid:base64,… the first one writes
LOOKUP_KEY = env.secret("LOOKUP_KEY", debug=DEBUG, var_dir=VAR_DIR)
LINK_KEY = env.secret("LINK_KEY", debug=DEBUG, var_dir=VAR_DIR)

# --- where we are --------------------------------------------------------------------------------
PORT = env.number("PORT", default=8000)
SITE_URL = env.text("SITE_URL", default=f"http://localhost:{PORT}").rstrip(
    "/"
)  # links in mail come from here
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG or TESTING else []
)
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "config.foundation",
    "notifications",
    "intake",
    "scheduling",
    "config",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # so that our field templates come first
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_htmx",
    "phonenumber_field",
]
if DEBUG:
    INSTALLED_APPS.append("django_mail_preview")

MIDDLEWARE = [
    # Ours and CSP come first, so that refusals of all others carry the headers too.
    "config.foundation.middleware.BrowserRules",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.foundation.middleware.OneLinePerRequest",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "config.foundation.middleware.Refusals",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "foundation.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context_processors.clinic",
            ],
        },
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": env.database(
        "DATABASE_URL", default_file=VAR_DIR / "clinic.sqlite3", debug=DEBUG, testing=TESTING
    )
}
REDIS_URL = env.redis("REDIS_URL", debug=DEBUG)

# --- people --------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
# There is no sign-up and no user name; see config/accounts.py.
ACCOUNT_ADAPTER = "config.accounts.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator typed the address, and the invitation went there
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": ""}  # failed sign-ins are counted by axes, in the database
MFA_ADAPTER = "config.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TRUST_ENABLED = False
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "config.accounts.username_of_attempt"
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_SENSITIVE_PARAMETERS = ["login", "username", "email", "ip_address", "password"]
AXES_VERBOSE = False
LOGIN_REDIRECT_URL = "/staff/"
LOGOUT_REDIRECT_URL = "/"

# --- words and time --------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Español"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # the server's; the clinic's own zone is a column of Clinic
PHONENUMBER_DEFAULT_REGION = "US"
PHONENUMBER_DB_FORMAT = "E164"

# --- files -----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.text("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Looked for when asked for: listing all of them for every client of a test costs more than most tests.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
BODY_LIMIT = 1_000_000  # bytes of a whole request; long texts have their own, kinder limit
# Pages where a file can be chosen. A phone's video fits, is read past and refused in words: what was typed arrives.
FILE_PAGES, FILE_PAGES_BODY_LIMIT = (
    ("/request/paying/", "/request/safety/", "/staff/requests/new/"),
    64_000_000,
)
FILE_LIMIT, FILES_LIMIT = 10_000_000, 25_000_000  # bytes of one file, and of all of a page
FILE_UPLOAD_HANDLERS = ["config.foundation.upload_handler.InMemory"]
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000

# --- mail --------------------------------------------------------------------------------------------
EMAIL_BACKEND = env.text(
    "EMAIL_BACKEND",
    default="django_mail_preview.backends.EmailBackend" if DEBUG else "notifications.smtp.SmtpBackend",
)
EMAIL_HOST = env.text("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.number("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.switch("EMAIL_USE_TLS", default=False)
EMAIL_CONNECT_TIMEOUT = env.number("EMAIL_CONNECT_TIMEOUT", default=10)  # seconds
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", default=30)  # seconds a command may take
EMAIL_AFTER_DATA_TIMEOUT = env.number(
    "EMAIL_AFTER_DATA_TIMEOUT", default=120
)  # too short makes second copies
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="hello@example.com")
REPLY_TO_EMAIL = env.text("REPLY_TO_EMAIL", default="")
MAIL_DOMAIN = env.text("MAIL_DOMAIN", default=DEFAULT_FROM_EMAIL.rpartition("@")[2])  # of every Message-ID
MAIL_PREVIEW_ROOT = VAR_DIR / "mailbox"  # where the worker drops mail and the web shows it, in debug
MAIL_PREVIEW_MAX_MESSAGES = 1000
SMS_BACKEND = env.text("SMS_BACKEND", default="console" if DEBUG else "")  # "" until there is a provider
# Signed calls of the mail provider about bounces and complaints; another provider is another view and key.
ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": env.text("MAILGUN_WEBHOOK_SIGNING_KEY", default="") or None}
for _name in ("MAILGUN_API_KEY", "MAILGUN_SENDER_DOMAIN", "MAILGUN_API_URL"):
    if _value := env.text(_name, default=""):
        ANYMAIL[_name] = _value
OUTBOX_PACE = float(
    env.text("OUTBOX_PACE", default="1")
)  # all waits and leases times this; below 1 in fault tests

# --- the browser's side of security ----------------------------------------------------------------
_HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _HTTPS
if _HTTPS:  # browsers accept these names only from this very host, over TLS
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 10 * 60 * 60
SECURE_SSL_REDIRECT = env.switch("SECURE_SSL_REDIRECT", default=_HTTPS)
SECURE_HSTS_SECONDS = 63_072_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
SECURE_REFERRER_POLICY = "same-origin"  # not no-referrer: browsers then send Origin: null and posts fail
BEHIND_PROXY = env.switch("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# From one address; more are set aside for staff to look at, and the mails with links stop.
REQUESTS_AN_HOUR = env.number("REQUESTS_AN_HOUR", default=20)
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
LOGGING = clinic_logging.settings(level=env.text("LOG_LEVEL", default="INFO"))
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
        # The mailbox of a development machine shows a mail in a frame.
        **({"frame-src": ["'self'"]} if DEBUG else {}),
    }
}
