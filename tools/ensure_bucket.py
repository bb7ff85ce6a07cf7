"""``python -m tools.ensure_bucket``: create the bucket for stored files when it is missing; nothing without one."""

import os

import django
from botocore.exceptions import ClientError
from django.core.files.storage import storages


def main() -> None:
    """Create the bucket that ``FILES_BUCKET`` names. Raises botocore's ClientError when access is refused."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    bucket = getattr(storages["default"], "bucket", None)
    if bucket is None:
        return
    client = bucket.meta.client
    try:
        client.head_bucket(Bucket=bucket.name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchBucket"}:
            raise
        client.create_bucket(Bucket=bucket.name)


if __name__ == "__main__":
    main()
