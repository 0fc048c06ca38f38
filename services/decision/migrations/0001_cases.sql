-- One row per case: the standing answer, and what it was made from, so that it can be explained and
-- made again. Goodwill of a customer is counted from here.
CREATE TABLE cases (
    case_id uuid PRIMARY KEY,
    customer_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('decided', 'referred')),
    sequence integer NOT NULL,
    received_at timestamptz NOT NULL,
    goodwill_eur numeric, -- of a forgiven slip; help that is owed does not count
    queue text, -- where a person has it, or was told of it
    outcome json NOT NULL,
    inputs text NOT NULL, -- the event as it was decided upon, byte for byte
    policy text NOT NULL,
    decided_at timestamptz NOT NULL
);
CREATE INDEX cases_goodwill ON cases (customer_id, received_at) WHERE goodwill_eur IS NOT NULL;
