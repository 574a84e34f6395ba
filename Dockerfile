# Build: the locked requirements into a virtual environment. Run: that, the code, and a user without rights.
FROM python:3.11-slim-bookworm AS build
WORKDIR /srv/clinic
RUN python -m venv /srv/venv
COPY requirements/uv.txt requirements/base.txt requirements/
RUN /srv/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
    && /srv/venv/bin/uv pip sync --no-cache --require-hashes --python /srv/venv/bin/python requirements/base.txt

FROM python:3.11-slim-bookworm
ENV PATH=/srv/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings VAR_DIR=/srv/var STATIC_ROOT=/srv/static
RUN useradd --system --uid 10001 --home-dir /srv/var clinic \
    && install --directory --owner clinic /srv/var /srv/static
COPY --from=build /srv/venv /srv/venv
WORKDIR /srv/clinic
COPY . .
# Static files need the code, not the secrets: a development setting is enough to collect them.
RUN DEBUG=1 TESTING=0 VAR_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 && rm -rf /tmp/build
USER 10001
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "config.wsgi:application", "--worker-class", "config.arrival.PatientWorker", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--max-requests", "2000", "--max-requests-jitter", "200", "--access-logfile", "/dev/null"]
