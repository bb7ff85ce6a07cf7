import django.contrib.postgres.indexes
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0005_parts_by_ids"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="sealpart", name="seal_part_ids"),
        migrations.AddIndex(
            model_name="sealpart",
            index=django.contrib.postgres.indexes.GistIndex(
                models.Func(
                    django.db.models.expressions.RawSQL("ids[1]", ()),
                    django.db.models.expressions.RawSQL("ids[array_upper(ids, 1)]", ()),
                    models.Value("[]"),
                    function="numrange",
                ),
                name="seal_part_ids",
            ),
        ),
    ]
