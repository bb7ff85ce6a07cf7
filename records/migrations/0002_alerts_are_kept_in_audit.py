from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0001_initial"),
        ("audit", "0002_alerts"),
    ]

    operations = [
        migrations.DeleteModel(name="HistoricalBulkViewAlert"),
        migrations.DeleteModel(name="BulkViewAlert"),
    ]
