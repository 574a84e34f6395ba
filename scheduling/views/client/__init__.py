"""A client's side by private link, no account: their request, the times offered, their visit. GET shows, POST acts."""

from scheduling.views.client.offer import offer
from scheduling.views.client.request import request_page
from scheduling.views.client.visit import late_fee, visit

__all__ = ["late_fee", "offer", "request_page", "visit"]
