"""The list of one's own jobs."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from jobs.models import Job
from jobs.selectors import KINDS, label_of


class JobList(ListPage[Job]):
    """What one has asked for, with how it stands."""

    name = "jobs.mine"
    columns = (
        Column("label", _("Work"), label_of, fixed=True, link=True, css="name"),
        Column("state", _("State"), lambda job: badge(KINDS[job.state], job.get_state_display())),
        Column("created", _("Asked for"), lambda job: job.created_at, sort=("created_at",), css="date"),
        Column(
            "finished", pgettext_lazy("time", "Ended"), lambda job: job.finished_at, css="date", phone=False
        ),
        Column("unit", _("Unit"), lambda job: job.unit.label, phone=False),
    )
    filters = (Filter("state", _("State"), "choice", "state", choices=Job.State.choices),)
    default_sort = "-created"
    empty = Empty(_("No work in the background yet"), _("Imports and prints of whole classes appear here."))

    def row_url(self, row: Job) -> str:
        return reverse("jobs:job", args=[row.public_id])
