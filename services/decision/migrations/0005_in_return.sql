-- What a rung does stands beside it: one that only calls people fires without its clock's plan being
-- read. Null: the plan says it, for it was armed before.
ALTER TABLE timers
    ADD COLUMN action text,
    ADD COLUMN summons text,
    ADD COLUMN jumps_queue boolean NOT NULL DEFAULT false;

-- The event that let a clock run: what is told of the clock belongs to its trace, and is said again
-- with it. `jurisdiction` and `currency` (of the claim) say in which money a delay is made good.
ALTER TABLE clocks
    ADD COLUMN cause_id uuid,
    ADD COLUMN traceparent text,
    ADD COLUMN jurisdiction text,
    ADD COLUMN currency text,
    ADD COLUMN expected_by timestamptz, -- when the person who has the case expects to answer it
    ADD COLUMN expected_of text; -- why not before: what the customer is told where that is too late

-- The plan of a clock stands apart: whoever calls, stops or counts clocks reads and rewrites rows
-- without it.
CREATE TABLE plans (
    case_id uuid NOT NULL,
    clock text NOT NULL,
    plan text NOT NULL, -- the clock itself: whatever becomes of its pack, it runs as it was set
    PRIMARY KEY (case_id, clock)
);
INSERT INTO plans SELECT case_id, clock, plan FROM clocks;

CREATE OR REPLACE FUNCTION refuse_to_forget_a_lapse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND (NEW.case_id, NEW.clock, NEW.lapsed_at, NEW.lapse_recorded_at, NEW.legal_effect, NEW.deadline)
           = (OLD.case_id, OLD.clock, OLD.lapsed_at, OLD.lapse_recorded_at, OLD.legal_effect, OLD.deadline)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a lapse is permanent';
END $$;
ALTER TABLE clocks DROP COLUMN plan;

CREATE FUNCTION refuse_to_rewrite_a_lapse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM clocks WHERE case_id = OLD.case_id AND clock = OLD.clock AND lapsed_at IS NOT NULL)
    THEN
        RAISE EXCEPTION 'a lapse is permanent';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER lapses_keep_their_plans BEFORE UPDATE OR DELETE ON plans
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_a_lapse();

-- With an answer, what its timers did goes into the log of the case, and they go.
DELETE FROM timers t USING clocks c
 WHERE c.case_id = t.case_id AND c.clock = t.clock AND c.cancelled_at IS NOT NULL AND t.fired_at IS NOT NULL;

-- What customers were given with the word that their answer will be late: once a case.
CREATE TABLE amends (
    case_id uuid PRIMARY KEY,
    clock text NOT NULL,
    customer_id text NOT NULL,
    remedy text NOT NULL,
    euros numeric NOT NULL,
    policy text NOT NULL, -- hash of the policy that gives it
    granted_at timestamptz NOT NULL
);
CREATE INDEX amends_customer ON amends (customer_id, granted_at);
