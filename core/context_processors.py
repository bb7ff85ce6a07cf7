"""What every template may use: the frame around the page."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from core import menu, shell


def page(request: HttpRequest) -> dict[str, Any]:
    """``menu`` (groups of entries), ``identity``, ``shell_urls`` and ``menu_folded``; all but
    the last are lazy.
    """
    return {
        "menu": SimpleLazyObject(lambda: menu.build(request)),
        "identity": SimpleLazyObject(lambda: shell.identity(request)),
        "shell_urls": SimpleLazyObject(shell.urls),
        "menu_folded": request.COOKIES.get("xueji_menu") == "folded",
    }
