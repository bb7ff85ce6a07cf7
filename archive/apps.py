from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ArchiveConfig(AppConfig):
    name = "archive"
    verbose_name = _("Archives")

    def ready(self) -> None:
        from approvals import kinds
        from archive.buttons import register_all
        from archive.deletions.kind import KIND as DELETION
        from archive.edits.kind import KIND as EDIT
        from archive.events import EVENTS
        from archive.inquiries.kind import KIND as INQUIRY
        from core.menu import MenuItem, register
        from ledger import events

        kinds.register(EDIT)
        kinds.register(DELETION)
        kinds.register(INQUIRY)
        register(
            MenuItem(
                _("Ask to read files"), "archive:inquiry_new", "file-text", "request_inquiry", "work", 16,
                also=("archive:inquiry_read",),
            )
        )  # fmt: skip
        for name, label in EVENTS.items():
            events.register(name, label)
        register_all()
