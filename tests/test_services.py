import os

import pytest
import redis
from django.conf import settings
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_a_real_one():
    engine = "sqlite" if os.environ.get("TEST_ENGINE") == "sqlite" else "postgresql"
    assert connection.vendor == engine
    assert "memory" not in str(connection.settings_dict["NAME"])


@pytest.mark.django_db
def test_postgresql_knows_exclusion_constraints_over_ranges():
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist'")
            assert cursor.fetchone() == (1,)


def test_the_broker_is_a_real_one():
    assert redis.Redis.from_url(settings.REDIS_URL).ping() is True
