-- The clocks of cases that wait for people, and the timers that climb their ladders. A timer calls
-- people; nothing here holds a decision, and the loop that fires timers writes to no other table of
-- cases.

-- The time of the clocks. Only the owner of the schema can replace this function, which tests and
-- demonstrations do to let the clock jump; the service's own role cannot, and refuses to fire while
-- the time is not the database's own, unless it was told to expect that.
CREATE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now()';

-- One row per case and clock: one deadline, by one pack. An extension closes a clock and sets the
-- next term of it; a case that was answered and reopened has new clocks (`#1`, `#2`, …).
CREATE TABLE clocks (
    case_id uuid NOT NULL,
    clock text NOT NULL, -- pack, term and, after an answer, round: pl_complaints:0#1
    customer_id text NOT NULL,
    sequence integer NOT NULL, -- the message that set it
    round integer NOT NULL, -- answers that the case had before
    pack text NOT NULL,
    pack_version text NOT NULL,
    calendar text NOT NULL,
    calendar_version text NOT NULL,
    kind text NOT NULL,
    role text NOT NULL,
    plan text NOT NULL, -- the clock itself: whatever becomes of its pack, it runs as it was set
    received_at timestamptz NOT NULL,
    arrived_at timestamptz NOT NULL, -- when the case first came to people
    decide_by timestamptz NOT NULL,
    deadline timestamptz NOT NULL,
    late_arrival boolean NOT NULL,
    summoned text, -- whom the ladder has called so far
    jumps_queue boolean NOT NULL DEFAULT false,
    draft text, -- a holding letter that a person has prepared
    extended_to timestamptz, -- the next term runs instead
    cancelled_at timestamptz, -- the case was answered
    withdrawn_at timestamptz, -- the case was filed anew and this pack does not hold
    lapsed_at timestamptz, -- the deadline, where it passed unanswered
    lapse_recorded_at timestamptz,
    legal_effect text,
    PRIMARY KEY (case_id, clock)
) WITH (fillfactor = 80);
-- How many cases are near their deadline is looked at every few seconds.
CREATE INDEX clocks_running ON clocks (deadline)
    WHERE cancelled_at IS NULL AND extended_to IS NULL AND withdrawn_at IS NULL;
CREATE INDEX clocks_lapsed ON clocks (lapse_recorded_at) WHERE lapsed_at IS NOT NULL;

CREATE FUNCTION refuse_to_forget_a_lapse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND (NEW.case_id, NEW.clock, NEW.lapsed_at, NEW.lapse_recorded_at, NEW.legal_effect, NEW.plan)
           = (OLD.case_id, OLD.clock, OLD.lapsed_at, OLD.lapse_recorded_at, OLD.legal_effect, OLD.plan)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a lapse is permanent';
END $$;
CREATE TRIGGER lapses_are_permanent BEFORE UPDATE OR DELETE ON clocks
    FOR EACH ROW WHEN (OLD.lapsed_at IS NOT NULL) EXECUTE FUNCTION refuse_to_forget_a_lapse();

-- What is still to fire, and what has fired. A rung fires once, whatever restarts; whether it was
-- late follows from its instants.
CREATE TABLE timers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    clock text NOT NULL,
    rung text NOT NULL,
    urgency smallint NOT NULL CHECK (urgency BETWEEN 0 AND 2), -- 0 goes first where many are due
    due_at timestamptz NOT NULL,
    lease uuid,
    leased_until timestamptz,
    fired_at timestamptz,
    late boolean GENERATED ALWAYS AS (fired_at - due_at > interval '1 minute') STORED,
    UNIQUE (case_id, clock, rung)
) WITH (fillfactor = 80);
-- However many wait, only those that are due are read.
CREATE INDEX timers_due ON timers (urgency, due_at) WHERE fired_at IS NULL;

-- A lapse is looked into by a person, who writes down what brought it about.
CREATE TABLE incidents (
    incident_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    clock text NOT NULL,
    deadline timestamptz NOT NULL,
    legal_effect text NOT NULL,
    opened_at timestamptz NOT NULL,
    root_cause text, -- key of the cause
    finding text, -- what happened, in words of staff
    found_by text,
    found_at timestamptz,
    UNIQUE (case_id, clock),
    FOREIGN KEY (case_id, clock) REFERENCES clocks,
    CHECK ((root_cause IS NULL) = (found_by IS NULL) AND (found_by IS NULL) = (found_at IS NULL))
);
CREATE INDEX incidents_open ON incidents (opened_at) WHERE found_at IS NULL;
