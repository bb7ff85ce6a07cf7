"""``python -m tools.production_secrets DIRECTORY``: make the secret files that docker-compose.yml mounts.

A file that exists is never replaced: losing FIELD_KEYS loses every encrypted field for good.
"""

import argparse
import base64
import json
import os
import secrets
from pathlib import Path

from pyrage import x25519


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _password() -> str:
    return secrets.token_urlsafe(32)


def values() -> dict[str, str]:
    """A fresh set, by file name; the addresses and server files hold the passwords made beside them."""
    owner, app, valkey, access, secret = (_password() for _ in range(5))
    snapshot = x25519.Identity.generate()
    bucket_user = {
        "name": "xueji",
        "credentials": [{"accessKey": access, "secretKey": secret}],
        "actions": ["Admin", "Read", "List", "Tagging", "Write"],
    }
    return {
        "secret_key": secrets.token_urlsafe(64),
        "field_keys": f"1:{_key()}",
        "blind_index_key": f"1:{_key()}",
        "ledger_seal_key": f"1:{_key()}",
        "package_signing_key": f"1:{_key()}",
        "postgres_password": _password(),
        "owner_password": owner,
        "app_password": app,
        "database_owner_url": f"postgresql://xueji_owner:{owner}@postgres:5432/xueji",
        "database_url": f"postgresql://xueji_app:{app}@postgres:5432/xueji",
        "valkey_password": valkey,
        "valkey_conf": f"requirepass {valkey}",
        "redis_url": f"redis://:{valkey}@valkey:6379/0",
        "files_s3_access_key": access,
        "files_s3_secret_key": secret,
        "seals_s3_access_key": "",
        "seals_s3_secret_key": "",
        "snapshot_recipients": str(snapshot.to_public()),
        "snapshot_identity": str(snapshot),
        "bucket_users": json.dumps({"identities": [bucket_user]}),
    }


def write(directory: Path) -> list[str]:
    """Write a whole set of files. Raises FileExistsError when the directory holds any of them.

    The directory's mode 0700 keeps other users out; the files themselves must be readable to the containers' users.
    """
    made = values()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if present := [name for name in made if (directory / name).exists()]:
        raise FileExistsError(f"{directory} already holds {', '.join(present)}; nothing was changed.")
    for name, value in made.items():
        descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(value + "\n")
            os.fchmod(file.fileno(), 0o444)
    return sorted(made)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.production_secrets", description=__doc__)
    parser.add_argument("directory", type=Path)
    try:
        names = write(parser.parse_args().directory)
    except FileExistsError as error:
        raise SystemExit(str(error)) from error
    print(
        "Take snapshot_identity off this host: it opens the snapshots of deleted files, and nothing here needs it."
    )
    print(f"Wrote {len(names)} files. Keep a copy apart from the backups: {', '.join(names)}")
