-- What this service has handled (one hop reads a topic, so an event is handled once). `redrive`
-- grows when a lost event is published again.
CREATE TABLE inbox (
    event_id uuid PRIMARY KEY,
    redrive integer NOT NULL DEFAULT 0,
    handled_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_handled_at ON inbox USING brin (handled_at);

-- Every event that this service has said, written with the state that it tells of. Rows stay, so
-- that a lost log can be filled again; `outbox_pending` holds only what is not yet at the broker.
CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    cause_id uuid,
    topic text NOT NULL,
    key text NOT NULL,
    subject text NOT NULL,
    traceparent text,
    said_at timestamptz NOT NULL,
    redrive integer NOT NULL DEFAULT 0,
    stored_at timestamptz NOT NULL DEFAULT now(),
    body bytea NOT NULL
);
CREATE INDEX outbox_cause_id ON outbox (cause_id);
CREATE INDEX outbox_stored_at ON outbox USING brin (stored_at);

-- A row is leased to the process that wrote it; when the lease has run out, any sweeper takes it.
-- A row that the broker refuses is postponed and holds up nobody.
CREATE TABLE outbox_pending (
    position bigint NOT NULL PRIMARY KEY,
    redrive integer NOT NULL DEFAULT 0,
    lease uuid NOT NULL,
    leased_until timestamptz NOT NULL,
    postponed boolean NOT NULL DEFAULT false
);

CREATE TABLE dead_letters (
    id uuid PRIMARY KEY,
    consumer text NOT NULL,
    topic text NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL,
    letter json NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz
);
CREATE INDEX dead_letters_parked_at ON dead_letters (parked_at DESC, id);
