"""Models of our rooms that keep no history, each with its reason. A test holds this list against the code."""

EXEMPT: dict[str, str] = {
    "ledger.Event": "is the ledger itself: rows are only ever added",
    "jobs.Job": "is progress; what the job changes is recorded where it changes it",
    "enrollment.ImportJob": "is progress of an import; its steps are events, its rows name who brought them",
    "enrollment.ImportRow": "keeps the cells as they came, unchanged; its owner and who resolved it are columns",
    "enrollment.ImportFault": "is derived from the cells by the checks",
    "enrollment.CheckedPart": "repeats an uploaded file for the import that follows its check; then it goes",
    "enrollment.TypedCell": "is typed text that is no value yet; it goes when the field is mended",
    "records.NumberSeries": "is a counter; the numbers stand where they were given",
    "approvals.NumberSeries": "is a counter; the numbers stand where they were given",
    "approvals.Notice": "points at what happened; the act itself is recorded where it was done",
    "approvals.NoticeRead": "is a read mark",
    "enrollment.IntakeSample": "is written once and closed once by the person that it names",
    "enrollment.SampleItem": "is a mark of what the one who drew the sample opened; decisions stand by themselves",
    "enrollment.BulkSkip": "is the report of a bulk approval, written once with it",
    "enrollment.ScanUpload": "is progress of a file of scans; who brought it and when are columns and an event",
    "enrollment.ScanFile": "is the report of a file of scans; the documents themselves are recorded",
    "records.PhotoUpload": "is progress of a file of photos; who brought it and when are columns and an event",
    "records.PhotoFile": "is the report of a file of photos; the documents themselves are recorded",
    "enrollment.MarkedFile": "is what a job was asked for, written once; taking the file is an event",
    "enrollment.PrintOrder": "is what a printing job was asked for, written once; the prints are events",
}
