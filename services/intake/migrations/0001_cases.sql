-- A case and what the other services have said about it since; -1: nothing yet about any message. Words are put in order by
-- the message that they are about, so that the clocks of other machines do not count.
CREATE TABLE cases (
    case_id uuid PRIMARY KEY,
    customer_id text NOT NULL,
    channel text NOT NULL,
    category text NOT NULL,
    language text,
    jurisdiction text,
    received_at timestamptz NOT NULL,
    accepted_at timestamptz NOT NULL,
    messages integer NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'received',
    status_sequence integer NOT NULL DEFAULT -1,
    status_rank integer NOT NULL DEFAULT 0,
    tags json,
    tags_sequence integer NOT NULL DEFAULT -1,
    decision json,
    decided_at timestamptz,
    decided_sequence integer NOT NULL DEFAULT -1,
    referral json,
    proposal json,
    referred_at timestamptz,
    referred_sequence integer NOT NULL DEFAULT -1,
    answer_due_at timestamptz
) WITH (fillfactor = 60);
-- Case ids grow with time: newest first is the id, downwards.
CREATE INDEX cases_customer ON cases (customer_id, case_id);
CREATE INDEX cases_status ON cases (status, case_id);
CREATE INDEX cases_due ON cases (answer_due_at) WHERE answer_due_at IS NOT NULL;

-- The case as it was submitted: the published event, word for word. Apart from what changes.
CREATE TABLE submissions (
    case_id uuid PRIMARY KEY,
    opened text NOT NULL
);

CREATE TABLE messages (
    case_id uuid NOT NULL REFERENCES cases,
    sequence integer NOT NULL CHECK (sequence > 0),
    channel text NOT NULL,
    body text NOT NULL,
    received_at timestamptz NOT NULL,
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, sequence)
);

-- Without a foreign key: after a restore an event may tell of a case that is not here (yet).
CREATE TABLE timeline (
    case_id uuid NOT NULL,
    event_id uuid NOT NULL,
    at timestamptz NOT NULL,
    event text NOT NULL,
    detail json NOT NULL,
    PRIMARY KEY (case_id, event_id)
);

-- One row per submitted message, complete when the customer was told (or could not be).
CREATE TABLE journeys (
    case_id uuid NOT NULL,
    sequence integer NOT NULL,
    submitted_event_id uuid NOT NULL,
    accepted_at timestamptz NOT NULL,
    classified_at timestamptz,
    answered_at timestamptz,
    told_at timestamptz,
    redrives integer NOT NULL DEFAULT 0,
    next_redrive_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, sequence)
);
CREATE INDEX journeys_open ON journeys (next_redrive_at) WHERE told_at IS NULL;
CREATE INDEX journeys_told ON journeys (told_at) WHERE told_at IS NOT NULL;

-- When the read model last moved; written at most once a second.
CREATE TABLE progress (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    projected_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO progress DEFAULT VALUES;

CREATE TABLE idempotency (
    owner text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    case_id uuid NOT NULL,
    sequence integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_created_at ON idempotency USING brin (created_at);

CREATE TABLE api_keys (
    id text PRIMARY KEY,
    name text NOT NULL,
    roles text[] NOT NULL,
    secret_sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
