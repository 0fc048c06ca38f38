-- Where else a customer can be told, which contact they prefer, and which of them failed for good.
ALTER TABLE recipients
    ADD COLUMN phone text,
    ADD COLUMN preferred text,
    ADD COLUMN unusable text[] NOT NULL DEFAULT '{}';

-- Proof: the subject, a hash of the words (the content is in the row already) and the version of
-- the texts that put it into words; what the receiving side said of it afterwards; for a notice
-- that an operator sent again, which one, when that was, who asked and why.
ALTER TABLE notices
    ADD COLUMN subject text,
    ADD COLUMN said_sha256 bytea,
    ADD COLUMN texts text,
    ADD COLUMN taken_at timestamptz,
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN bounced_at timestamptz,
    ADD COLUMN again_of uuid,
    ADD COLUMN again_at timestamptz,
    ADD COLUMN asked_by text,
    ADD COLUMN asked_because text;

-- Every version of the texts that was ever used, so that what was said can be told word for word.
CREATE TABLE texts (
    version text PRIMARY KEY,
    body json NOT NULL,
    first_used_at timestamptz NOT NULL DEFAULT now()
);

-- Notices that did not reach their customer. A table of its own: an index of `notices` on what
-- became of them would cost every notice that went well.
CREATE TABLE failures (
    notice_id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX failures_at ON failures (at, notice_id);

-- Receivers of webhooks that fail: a row goes with the first success.
CREATE TABLE webhooks (
    url text PRIMARY KEY,
    failures integer NOT NULL,
    failing_since timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    why text NOT NULL
);

-- Operators, auditors and the bank's own systems (shared/keys.py).
CREATE TABLE api_keys (
    id text PRIMARY KEY,
    name text NOT NULL,
    roles text[] NOT NULL,
    secret_sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
