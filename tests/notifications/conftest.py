"""Every message there is has its place in the catalogue before a test asks for all of them."""

from importlib import import_module

from django.conf import settings

import_module(settings.ROOT_URLCONF)  # pages and mails enter themselves when they are imported
