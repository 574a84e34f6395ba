"""A complete environment of production, for checks. None of these secrets guards anything."""

import base64

ENVIRONMENT = {
    "DEBUG": "0",
    "TESTING": "0",
    "SECRET_KEY": "kT3v9Qx7-an-example-of-a-long-random-value-for-checks-4bW1nZ",
    "LOOKUP_KEY": "pR8s2Lm5-an-example-of-a-long-random-value-for-checks-9cY6hD",
    "LINK_KEY": "wJ4f7Ug1-an-example-of-a-long-random-value-for-checks-2xK8tE",
    "FIELD_KEYS": "k1:" + base64.b64encode(b"thirty-two bytes, not a secret!!").decode(),
    "SITE_URL": "https://clinic.example.com",
    "ALLOWED_HOSTS": "clinic.example.com",
    "DATABASE_URL": "postgres://clinic:secret@db.example.com/clinic?sslmode=verify-full",
    "REDIS_URL": "rediss://redis.example.com:6379/0",
    "EMAIL_HOST": "mail.example.com",
    "EMAIL_PORT": "587",
    "EMAIL_USE_TLS": "1",
    "DEFAULT_FROM_EMAIL": "Clinic <hello@clinic.example.com>",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}
