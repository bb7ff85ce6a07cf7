from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0002_open_corrections_by_student"),
        ("audit", "0008_alerts"),
    ]

    operations = [
        migrations.DeleteModel(name="HistoricalBulkViewAlert"),
        migrations.DeleteModel(name="BulkViewAlert"),
    ]
