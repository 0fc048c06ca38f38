-- The review desk knows its callers from here; a key may stand in intake's table, too (shared/keys.py).
CREATE TABLE api_keys (
    id text PRIMARY KEY,
    name text NOT NULL,
    roles text[] NOT NULL,
    secret_sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
