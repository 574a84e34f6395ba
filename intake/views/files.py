"""Staff open a file that a client sent along. Each look is written down before anything is shown."""

import hashlib
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from config.foundation import access_log
from config.foundation.encryption import DecryptionError
from config.foundation.policy import May, staff_may
from config.foundation.user import User
from intake.files import may_open
from intake.models import StoredFile

ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}
# A picture is painted by us and may be looked at in the browser, so that it does not stay in a folder of downloads;
# a PDF is as it came, and nothing in it may run here.
NOTHING_RUNS = "default-src 'none'; sandbox"


@require_GET
@staff_may(May.SEE_REQUESTS)
def open_file(request: HttpRequest, pk: UUID, file_pk: UUID) -> HttpResponse:
    file = get_object_or_404(
        StoredFile.objects.select_related("appointment_request"), pk=file_pk, appointment_request=pk
    )
    if not may_open(request.user, file):
        raise PermissionDenied
    access_log.record(
        by=request.user if isinstance(request.user, User) else None,
        action="opened",
        subject="intake.storedfile",
        subject_id=file.pk,
        fields=[file.kind],
        request=request,
    )
    content = file.content
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise DecryptionError("A file is not the one that was sent.")
    name = f"{file.get_kind_display()} {file.appointment_request}".replace(",", "").replace(" ", "-").lower()
    response = HttpResponse(content, content_type=file.content_type)
    how = "inline" if file.is_picture else "attachment"
    response["Content-Disposition"] = f'{how}; filename="{name}.{ENDINGS[file.content_type]}"'
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    return response
