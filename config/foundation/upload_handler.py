"""Files of a page are held in memory while it is read, never on disk in the clear, and never more than fits.

What is too large is read past, so that the page's other fields still arrive; its size is told, its content is not.
"""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest


class InMemory(FileUploadHandler):
    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.held = 0  # bytes of the files before this one

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.content, self.is_over = BytesIO(), False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        size = start + len(raw_data)
        self.is_over |= size > settings.FILE_LIMIT or self.held + size > settings.FILES_LIMIT
        if self.is_over:
            self.content = BytesIO()
        else:
            self.content.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.held += self.content.tell()
        self.content.seek(0)
        # A file that fits by itself, but not beside the others, must not look as if it had come whole.
        size = max(file_size, settings.FILE_LIMIT + 1) if self.is_over else file_size
        return InMemoryUploadedFile(
            self.content,
            self.field_name,
            str(self.file_name or ""),
            str(self.content_type or ""),
            size,
            self.charset,
            self.content_type_extra,
        )
