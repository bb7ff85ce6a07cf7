#!/usr/bin/env python3
"""Check a proof that Xueji handed out, without Xueji: verify_ledger.py proof.json [--key ID=BASE64] [--copies DIR]

Needs Python 3.9 or later and the package "cryptography" (pip install cryptography). README.md beside this file says
what is checked and what is not.
"""

import argparse
import base64
import json
import sys
import uuid
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def canonical(value):
    """JSON in one form only: sorted names, no blanks."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def jsonb_list(values):
    """A list of texts and nulls, as PostgreSQL writes it."""
    return (
        "["
        + ", ".join("null" if one is None else json.dumps(one, ensure_ascii=False) for one in values)
        + "]"
    )


def leaf_of(row):
    """SHA-256 of the salt and of the row's columns."""
    return sha256(uuid.UUID(row["salt"]).bytes + jsonb_list(row["values"]).encode()).digest()


def climbed(content, path):
    """The root that a content leads to (RFC 6962)."""
    found = sha256(b"\0" + content).digest()
    for side, beside in path:
        other = bytes.fromhex(beside)
        found = sha256(b"\1" + (other + found if side == "left" else found + other)).digest()
    return found


def root_of_seal(row):
    """The root that this row's seal must bear."""
    part = {name: row[name] for name in ("kind", "table", "key", "columns", "rows", "ids")}
    part["root"] = climbed(leaf_of(row), row["path"]).hex()
    return climbed(sha256(canonical(part).encode()).digest(), row["up"]).hex()


def signed(seal, keys):
    """The header of a seal whose signature holds; None for any other."""
    key = keys.get(seal["key"])
    if key is None:
        return None
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))
        public.verify(bytes.fromhex(seal["signature"]), seal["header"].encode())
    except (InvalidSignature, ValueError):
        return None
    return json.loads(seal["header"])


def check(proof, keys, copies=None):
    """What is wrong with a proof, as sentences; nothing when every row is proved."""
    faults, headers = [], {}
    for seal in proof["seals"]:
        header = signed(seal, keys)
        if header is None:
            faults.append(
                f"a seal with key {seal['key']}: the signature does not hold under a key that you trust"
            )
            continue
        headers[header["number"]] = header
        if copies is not None and seal["header"] not in copies:
            faults.append(f"seal {header['number']}: not among the copies")
    for place, row in enumerate(proof["rows"], start=1):
        header = headers.get(row["seal"])
        if header is None:
            faults.append(f"row {place}: its seal {row['seal']} is not proved")
        elif root_of_seal(row) != header["root"]:
            faults.append(
                f"row {place} of {row['table']}: does not belong to seal {row['seal']}, or was changed"
            )
    if not proof["rows"]:
        faults.append("the proof holds no row")
    return faults


def main():
    """Exit status 1 when something is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("proof", type=Path)
    parser.add_argument(
        "--key", action="append", default=[], metavar="ID=BASE64", help="a public key that you trust"
    )
    parser.add_argument("--copies", type=Path, metavar="DIR", help="copies of seals that you kept")
    asked = parser.parse_args()
    proof = json.loads(asked.proof.read_text(encoding="utf-8"))
    keys = dict(one.split("=", 1) for one in asked.key)
    if not keys:
        keys = proof["keys"]
        print(
            "No --key was given: the keys inside the proof are used. Compare them with those that were published:"
        )
        for name, key in sorted(keys.items()):
            print(f"  {name}={key}")
    copies = None
    if asked.copies:
        copies = {
            json.loads(path.read_text(encoding="utf-8"))["header"] for path in asked.copies.rglob("*.json")
        }
    faults = check(proof, keys, copies)
    for fault in faults:
        print(f"FAULT: {fault}")
    print(f"{len(proof['rows'])} rows, {len(proof['seals'])} seals, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
