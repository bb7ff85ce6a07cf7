#!/usr/bin/env bash
# First start of the database server: the owner of the tables, the application's own role, the database.
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
    --set=owner_password="$(cat /run/secrets/owner_password)" \
    --set=app_password="$(cat /run/secrets/app_password)" <<'SQL'
CREATE ROLE xueji_owner LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'owner_password';
CREATE ROLE xueji_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'app_password';
CREATE DATABASE xueji OWNER xueji_owner;
REVOKE ALL ON DATABASE xueji FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE xueji TO xueji_app;
\connect xueji
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
CREATE EXTENSION unaccent;
SQL
