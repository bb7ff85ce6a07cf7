"""Models of our rooms that keep no history, each with its reason. A test holds this list against the code."""

EXEMPT: dict[str, str] = {
    "ledger.Event": "is the ledger itself: rows are only ever added",
    "jobs.Job": "is progress; what the job changes is recorded where it changes it",
    "enrollment.ImportJob": "is progress of an import; its steps are events, its rows name who brought them",
    "enrollment.ImportRow": "keeps the cells as they came, unchanged; its owner and who resolved it are columns",
    "enrollment.ImportFault": "is derived from the cells by the checks",
    "enrollment.IntakeSample": "is written once and closed once by the person that it names",
}
