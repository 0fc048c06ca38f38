#!/bin/sh
# Runs once, on an empty data folder: an owner of the database who is no superuser, and one role per
# service. `evenhand migrate` keeps roles that exist and gives each its schema.
set -eu

for name in admin intake classifier decision notifier; do
    # psql reads the password itself: it is in no argument list and no environment.
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
        --dbname "$POSTGRES_DB" \
        --set role="evenhand_$name" --set file="${SECRETS:-/run/secrets}/${name}_password" <<'SQL'
\set password `cat :'file'`
CREATE ROLE :"role" LOGIN PASSWORD :'password';
SQL
done

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
    --dbname "$POSTGRES_DB" --set database="$POSTGRES_DB" <<'SQL'
ALTER DATABASE :"database" OWNER TO evenhand_admin;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database"
    TO evenhand_intake, evenhand_classifier, evenhand_decision, evenhand_notifier;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
