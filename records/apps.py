from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = _("Student files")

    def ready(self) -> None:
        from approvals import relation
        from core.menu import MenuItem, register
        from ledger import events
        from records import finders, found, own_sections
        from records.documents import registers as document_registers
        from records.merits import registers
        from records.photos import registers as photo_registers
        from records.reading import EVENTS
        from records.selectors import own_or_family
        from records.self_service import registers as self_service

        events.register("student.opened", _("Student file opened"))
        events.register("scan.filed", _("Scan added to a student file"))
        for name, label in EVENTS.items():
            events.register(name, label)
        readers = ("view_student", "view_own_class")
        relation.register(own_or_family)
        finders.register(finders.Finder("students", _("Students"), readers, found.students))
        own_sections.register_all()
        document_registers.register_all()
        photo_registers.register_all()
        registers.register_all()
        self_service.register_all()
        register(
            MenuItem(
                _("My class"), "records:my_classes", "users-group", "view_own_class", "work", 20,
                also=("records:my_class",),
            )
        )  # fmt: skip
        register(
            MenuItem(
                _("Students"), "records:students", "id", "view_student", "files", 10,
                also=("records:student", "records:student_section"),
            )
        )  # fmt: skip
