-- What a case is waiting for, who has it, and which entry of the log holds its standing answer.
-- Inputs and outcomes move to the log, which keeps every deliberation and not only the last.
ALTER TABLE cases
    DROP COLUMN outcome,
    DROP COLUMN inputs,
    DROP COLUMN policy,
    DROP COLUMN decided_at,
    ADD COLUMN revision integer NOT NULL DEFAULT 0, -- decisions so far, less one
    ADD COLUMN version integer NOT NULL DEFAULT 1, -- grows with every change: two people cannot both decide
    ADD COLUMN waiting boolean NOT NULL DEFAULT false, -- a person has something to do
    ADD COLUMN reason text, -- why a person has it
    ADD COLUMN assignee text,
    ADD COLUMN taken_until timestamptz, -- then the case is back in the queue for everybody
    ADD COLUMN referred_at timestamptz,
    ADD COLUMN answer_due_at timestamptz,
    ADD COLUMN decided_by text, -- of the standing decision: `policy`, or a person
    ADD COLUMN decided_at timestamptz,
    ADD COLUMN decided_position bigint, -- the log entry of the standing decision
    ADD COLUMN thought_position bigint, -- the log entry of the last deliberation (answer or proposal)
    ADD COLUMN cause text, -- key of the root cause where the company was at fault
    DROP CONSTRAINT cases_state_check,
    ADD CONSTRAINT cases_state_check CHECK (state IN ('decided', 'referred', 'verifying', 'asked'));
CREATE INDEX cases_waiting ON cases (queue, answer_due_at) WHERE waiting;
CREATE INDEX cases_asked ON cases (answer_due_at) WHERE state = 'asked';
CREATE INDEX cases_customer ON cases (customer_id, received_at);
CREATE INDEX cases_cause ON cases (cause) WHERE cause IS NOT NULL;

-- Every deliberation and every act of a person, chained by hashes. `body` is the whole act as
-- canonical JSON; `inputs` is the case as it was looked at, which is personal data: it may be erased
-- (set to null) and nothing else may ever change. The chain holds its digest.
CREATE TABLE decision_log (
    position bigint PRIMARY KEY,
    case_id uuid, -- null: not about one case
    kind text NOT NULL,
    actor text NOT NULL, -- `policy`, `bank`, or a person's opaque id
    at timestamptz NOT NULL,
    body text NOT NULL,
    inputs text,
    inputs_sha256 bytea,
    hash bytea NOT NULL
);
CREATE INDEX decision_log_case ON decision_log (case_id, position);

-- The end of the chain; its row is locked from the append to the commit.
CREATE TABLE decision_log_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    position bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO decision_log_head VALUES (true, 0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.inputs IS NULL
       AND (NEW.position, NEW.kind, NEW.actor, NEW.at, NEW.body, NEW.hash)
           = (OLD.position, OLD.kind, OLD.actor, OLD.at, OLD.body, OLD.hash)
       AND NEW.case_id IS NOT DISTINCT FROM OLD.case_id
       AND NEW.inputs_sha256 IS NOT DISTINCT FROM OLD.inputs_sha256 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the decision log is append-only';
END $$;
CREATE TRIGGER decision_log_is_append_only BEFORE UPDATE OR DELETE ON decision_log
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER decision_log_is_never_emptied BEFORE TRUNCATE ON decision_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- The policies that were ever active, whole, so that their decisions can be made again.
CREATE TABLE policies (
    hash text PRIMARY KEY,
    version text NOT NULL,
    valid_from date NOT NULL,
    body text NOT NULL,
    first_active_at timestamptz NOT NULL DEFAULT now(),
    active boolean NOT NULL
);
CREATE UNIQUE INDEX policies_active ON policies (active) WHERE active;

-- What was spent under each certificate: `policy` by the day, a person by the month.
CREATE TABLE certificate_use (
    holder text NOT NULL,
    period text NOT NULL, -- 2026-11-21 or 2026-11
    euros numeric NOT NULL,
    times integer NOT NULL,
    PRIMARY KEY (holder, period)
);

-- Claims that the bank's systems are asked about. A row is sent by whoever holds its lease.
CREATE TABLE verifications (
    verification_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    customer_id text NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('background', 'first')),
    checkable boolean NOT NULL,
    request text NOT NULL, -- the event, as it was said
    asked_at timestamptz NOT NULL,
    answer_by timestamptz NOT NULL,
    answer text CHECK (answer IN ('verified', 'contradicted', 'unknown')),
    evidence text,
    answered_at timestamptz,
    overdue_at timestamptz, -- when its silence was passed on to a person
    cause_id uuid NOT NULL, -- the event that led to it: what its answer leads to is said again with it
    traceparent text,
    lease uuid,
    leased_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz -- null: not for the HTTP connector (any more)
);
CREATE INDEX verifications_case ON verifications (case_id);
CREATE INDEX verifications_customer ON verifications (customer_id) WHERE answer IS NOT NULL OR NOT checkable;
CREATE INDEX verifications_silent ON verifications (answer_by) WHERE answer IS NULL AND overdue_at IS NULL;
CREATE INDEX verifications_unsent ON verifications (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- The ledger of remedies that were granted on trust. The grant stands whatever becomes of its check.
CREATE TABLE ledger (
    verification_id uuid PRIMARY KEY REFERENCES verifications,
    case_id uuid NOT NULL,
    customer_id text NOT NULL,
    euros numeric NOT NULL,
    remedies text NOT NULL,
    state text NOT NULL CHECK (state IN ('provisional', 'verified', 'contradicted', 'unanswered', 'taken_back')),
    granted_at timestamptz NOT NULL,
    settled_at timestamptz
);
CREATE INDEX ledger_case ON ledger (case_id);
CREATE INDEX ledger_state ON ledger (state, granted_at);

-- Sketches of what customers told, to see the same story on many accounts. No words are kept.
CREATE TABLE stories (
    sketch bigint NOT NULL,
    received_at timestamptz NOT NULL,
    customer_id text NOT NULL,
    case_id uuid NOT NULL,
    PRIMARY KEY (sketch, case_id)
);
CREATE INDEX stories_received ON stories (received_at);

-- Decisions that wait for a second person.
CREATE TABLE approvals (
    approval_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    case_version integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('decision', 'service_ended', 'take_back')),
    body text NOT NULL,
    euros numeric,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'given', 'refused', 'withdrawn')),
    answered_by text CHECK (answered_by <> asked_by),
    answered_at timestamptz,
    note text
);
CREATE INDEX approvals_open ON approvals (case_id) WHERE state = 'open';

-- A random sample of what was decided within certificates, looked at afterwards to learn from.
CREATE TABLE samples (
    position bigint PRIMARY KEY REFERENCES decision_log,
    case_id uuid NOT NULL,
    reviewed_by text,
    reviewed_at timestamptz,
    finding text
);

-- Root causes of company faults, and the customers who are known to be affected.
CREATE TABLE causes (
    key text PRIMARY KEY,
    title text NOT NULL,
    state text NOT NULL CHECK (state IN ('suggested', 'confirmed', 'removed')),
    owner text,
    confirmed_by text,
    confirmed_at timestamptz,
    removed_by text,
    removed_at timestamptz,
    first_seen timestamptz NOT NULL,
    -- A person named it otherwise: it counts as that cause. Only a cause that is none itself.
    merged_into text REFERENCES causes CHECK (merged_into <> key)
);
CREATE INDEX causes_merged ON causes (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE case_causes (
    case_id uuid PRIMARY KEY,
    key text NOT NULL REFERENCES causes,
    customer_id text NOT NULL,
    received_at timestamptz NOT NULL,
    euros numeric NOT NULL,
    suggested_by text NOT NULL, -- the rule
    confirmed_by text
);
CREATE INDEX case_causes_key ON case_causes (key, received_at);
CREATE TABLE affected (
    key text NOT NULL REFERENCES causes,
    customer_id text NOT NULL,
    named_by text NOT NULL,
    named_at timestamptz NOT NULL,
    redressed_at timestamptz,
    redressed_by text,
    PRIMARY KEY (key, customer_id)
);

-- What a candidate policy would have said beside the active one. It only records.
CREATE TABLE shadow (
    position bigint PRIMARY KEY REFERENCES decision_log,
    case_id uuid NOT NULL,
    candidate text NOT NULL, -- hash
    differs boolean NOT NULL,
    outcome text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX shadow_candidate ON shadow (candidate, differs);
