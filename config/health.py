"""``/health/``: whether this process reaches its database and its cache, for load balancers and health checks."""

import secrets

import structlog
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError as error:
        log.warning("health.database_failed", kind=type(error).__name__)
        return False


def _cache_answers() -> bool:
    token = secrets.token_hex(8)
    try:
        cache.set(f"health:{token}", token, timeout=5)
        return bool(cache.get(f"health:{token}") == token)
    except (RedisError, OSError) as error:
        log.warning("health.cache_failed", kind=type(error).__name__)
        return False


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 when both answer, else 503; says which part fails and nothing more."""
    parts = {"database": _database_answers(), "cache": _cache_answers()}
    answer = {name: "ok" if works else "failed" for name, works in parts.items()}
    return JsonResponse(answer, status=200 if all(parts.values()) else 503)
