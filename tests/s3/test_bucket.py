"""Stored files in a real S3 server, started with the command that docker-compose.yml gives it."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from tools.production_secrets import values
from tools.services.processes import free_port

pytestmark = pytest.mark.xdist_group("s3")
"""One server at a time: it takes more ports than it is told of."""

BASE_DIR = Path(__file__).resolve().parent.parent.parent
STORE = """
import django; django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage as storage
name = storage.save("blobs/one", ContentFile(b"encrypted content"))
second = storage.save("blobs/one", ContentFile(b"other"))
print(type(storage._wrapped).__name__, name, second != name, storage.open(name).read().decode())
"""


@dataclass(frozen=True)
class Bucket:
    """A running server and the access that the secret files give to it."""

    url: str
    access_key: str
    secret_key: str


@pytest.fixture(scope="module")
def alone() -> Iterator[None]:
    """One server at a time, whichever process asks for it."""
    with (Path(tempfile.gettempdir()) / "xueji-s3-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def bucket(alone: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    folder = tmp_path_factory.mktemp("bucket")
    made = values()
    (folder / "users").write_text(made["bucket_users"])
    (folder / "data").mkdir()
    compose = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8"))
    ports = [free_port(start) for start in (18333, 19333, 18080, 18888)]
    replaced = {
        "-dir=/data": f"-dir={folder / 'data'}",
        "-ip.bind=0.0.0.0": "-ip.bind=127.0.0.1",
        "-s3.port=8333": f"-s3.port={ports[0]}",
        "-s3.config=/run/secrets/bucket_users": f"-s3.config={folder / 'users'}",
    }
    command = [replaced.get(part, part) for part in compose["services"]["bucket"]["command"]]
    command += [
        "-ip=127.0.0.1",
        f"-master.port={ports[1]}",
        f"-volume.port={ports[2]}",
        f"-filer.port={ports[3]}",
    ]
    program = Path(sys.executable).parent / "weed"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *command], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{ports[0]}"
    try:
        _wait(f"{url}/healthz", process)
        yield Bucket(url, made["files_s3_access_key"], made["files_s3_secret_key"])
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder / "data")


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail("The S3 server does not answer.")


def client(bucket: Bucket, secret_key: str) -> object:
    return boto3.client(
        "s3",
        endpoint_url=bucket.url,
        aws_access_key_id=bucket.access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
    )


def test_files_go_into_the_bucket_and_never_over_one_another(bucket: Bucket) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "FILES_BUCKET": "xueji-files",
        "FILES_S3_URL": bucket.url,
        "FILES_S3_ACCESS_KEY": bucket.access_key,
        "FILES_S3_SECRET_KEY": bucket.secret_key,
    }
    for _turn in range(2):
        subprocess.run(
            [sys.executable, "-m", "tools.ensure_bucket"], cwd=BASE_DIR, env=environment, check=True
        )
    done = subprocess.run(
        [sys.executable, "-c", STORE],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=3) == ["S3Storage", "blobs/one", "True", "encrypted content\n"]
    held = client(bucket, bucket.secret_key).list_objects_v2(Bucket="xueji-files")
    assert held["KeyCount"] == 2


def test_strangers_are_refused(bucket: Bucket) -> None:
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(bucket, "wrong").list_buckets()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{bucket.url}/xueji-files/blobs/one", timeout=5)


def test_the_user_file_names_the_bucket_user_alone() -> None:
    users = json.loads(values()["bucket_users"])["identities"]
    assert [user["name"] for user in users] == ["xueji"]
