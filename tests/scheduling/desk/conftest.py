"""Who sits at the desk in these tests."""

import pytest
from django.test import Client as Browser

from tests.scheduling.desk.making import make_user


@pytest.fixture
def staff(client: Browser) -> Browser:
    """A window on the desk of somebody who may do everything there."""
    client.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
