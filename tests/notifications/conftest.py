"""Every message there is has its place in the catalogue before a test asks for all of them."""

import config.urls  # noqa: F401  # all pages and mails, which enter themselves when they are imported
