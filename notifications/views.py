"""Pages of the machinery itself: is it alive, is it ready."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.foundation.policy import public
from notifications import health


@require_safe
@public
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@public
def ready(request: HttpRequest) -> JsonResponse:
    """Database, migrations, and whether mail moves; 503 when not. Redis is not part of it: pages need none."""
    try:
        executor = MigrationExecutor(connection)
        is_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        state = health.look(now=timezone.now())
    except DatabaseError:
        return JsonResponse({"ready": False, "database": False}, status=503)
    is_ready = is_migrated and state.is_ready
    body = {
        "ready": is_ready,
        "database": True,
        "migrated": is_migrated,
        "oldest_due_seconds": _whole(state.oldest_due),
        "last_drain_seconds": _whole(state.last_drain),
        "beat_seconds": _whole(state.beat),
        "beat_alive": state.is_beat_alive,
        "beat_doubled": state.is_beat_doubled,
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)
