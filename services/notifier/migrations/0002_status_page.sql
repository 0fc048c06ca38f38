-- What the status page shows of a case: one row for each thing that happened, noted as the events
-- come, in any order; where the case stands is told from them when somebody looks. Personal data:
-- the customer's own words are in it. `read_at` is when the page first showed it: proof that the
-- customer could read it. Case ids grow with time, so that the index grows at its end.
CREATE TABLE happenings (
    case_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    body json NOT NULL,
    read_at timestamptz,
    PRIMARY KEY (case_id, id)
);

-- What customers wrote on the page, until intake has it: a row is leased, handed over with its id
-- as the Idempotency-Key, and settled. `body` is emptied then: the message is in intake, and comes
-- back as a happening with the sequence that intake gave it.
CREATE TABLE replies (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('reply', 'person', 'document')),
    body text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    lease uuid,
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    outcome text CHECK (outcome IN ('handed_over', 'refused')),
    sequence integer,
    detail text,
    settled_at timestamptz,
    CHECK ((outcome IS NULL) = (settled_at IS NULL))
);
CREATE INDEX replies_of_case ON replies (case_id, written_at);
CREATE INDEX replies_due ON replies (due_at) WHERE outcome IS NULL;

-- Documents that customers added. Here and not in a folder: they are backed up and forgotten
-- together with the rest, and no web server can serve them by mistake.
CREATE TABLE documents (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size integer NOT NULL,
    sha256 bytea NOT NULL,
    content bytea NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (case_id, sha256)
);
-- Photographs do not compress.
ALTER TABLE documents ALTER COLUMN content SET STORAGE EXTERNAL;

-- What the customer was told, case by case.
CREATE INDEX notices_of_case ON notices (case_id);
