-- Whom a case's notices go to: the only place of the notifier that holds personal data.
-- `known` is false while an answer has arrived and the case itself has not.
CREATE TABLE recipients (
    case_id uuid PRIMARY KEY,
    known boolean NOT NULL,
    name text,
    email text,
    webhook text,
    language text,
    jurisdiction text
);

-- What is to be said in cases whose recipient is not known yet.
CREATE TABLE waiting (
    case_id uuid NOT NULL,
    notice text NOT NULL,
    sequence integer NOT NULL,
    customer_id text NOT NULL,
    language text,
    content json NOT NULL,
    cause_id uuid NOT NULL,
    traceparent text NOT NULL,
    planned_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, notice, sequence)
);

-- What the customer is told, and what became of it. The id is derived from case, notice, sequence
-- and channel, so that each is planned once. Rows stay: they are the proof of what was said. Each
-- is written twice, when it is planned and when it is settled: half a page is kept for the second
-- version, so that no index changes; without that the table grows as large, and costs more.
CREATE TABLE notices (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    customer_id text NOT NULL,
    notice text NOT NULL,
    sequence integer NOT NULL,
    channel text NOT NULL,
    language text NOT NULL,
    content json NOT NULL,
    cause_id uuid NOT NULL,
    traceparent text NOT NULL,
    planned_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT now(),
    outcome text CHECK (outcome IN ('sent', 'failed', 'no_contact')),
    detail text,
    settled_at timestamptz,
    CHECK ((outcome IS NULL) = (settled_at IS NULL))
) WITH (fillfactor = 50);

-- What still has to be sent: a row here for each notice without an outcome. `due_at` orders the
-- queue; a lease does not touch it, so that claiming changes no index.
CREATE TABLE queue (
    notice_id uuid PRIMARY KEY,
    channel text NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    lease uuid,
    leased_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);
CREATE INDEX queue_due ON queue (channel, due_at);
