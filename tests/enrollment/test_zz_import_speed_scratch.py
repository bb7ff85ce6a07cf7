import time, resource, cProfile, pstats, os
import pytest
from tests.enrollment.importing import check, bring_in, make_classes
from tests.support.applicant_files import people, national_workbook
from enrollment.models import *
def rss(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024
def test_speed(cast, batch):
    make_classes(cast.school); n=int(os.environ.get("N","20000"))
    path=f"/tmp/synth{n}.xlsx"
    if not os.path.exists(path):
        __import__("pathlib").Path(path).write_bytes(national_workbook(list(people(n))))
    content=__import__("pathlib").Path(path).read_bytes()
    print("rss before",rss())
    from core.workbook import open_table
    import io
    from python_calamine import CalamineWorkbook
    t=time.time(); w=CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(); parse=time.time()-t; print("calamine",parse, len(w), "rss",rss()); del w
    p=cProfile.Profile() if os.environ.get("PROF") else None
    t=time.time()
    if p: p.enable()
    made=check(cast.clerk,batch,content)
    c=time.time()-t
    print("check",c,made.good_count,made.error_count,made.warning_count,"rss",rss())
    if made.error_count:
        from collections import Counter
        print(Counter(ImportFault.objects.values_list("column","code")).most_common(10))
    t=time.time()
    made=bring_in(cast.clerk,made)
    i=time.time()-t
    if p: p.disable(); pstats.Stats(p).sort_stats("tottime").print_stats(45)
    print("import",i,made.imported_count,"rss",rss())
