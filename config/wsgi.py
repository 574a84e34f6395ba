import os

from django.core.wsgi import get_wsgi_application

from config.arrival import whole

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = whole(get_wsgi_application())
