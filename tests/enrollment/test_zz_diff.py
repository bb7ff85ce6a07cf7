from tests.enrollment.importing import *
import json
from enrollment.models import *
def test_x(cast,batch):
    make_classes(cast.school)
    made = check(cast.clerk, batch, SAMPLE.read_bytes())
    found = ImportFault.objects.filter(row__import_job=made, level="error")
    wanted = {(one["row"], one["column"]) for one in json.loads(EXPECTED.read_text(encoding="utf-8"))["bad"]}
    got={(f.row.row_number,f.column,f.code,f.value) for f in found}
    print([g for g in got if (g[0],g[1]) not in wanted])
    print(wanted-{(g[0],g[1]) for g in got})
