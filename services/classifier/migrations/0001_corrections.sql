-- What people said that tags should have been: labelled cases for the next training. The text is
-- personal data; rows leave with their keeping time, or when a case or a customer is erased.
CREATE TABLE corrections (
    event_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    customer_id text NOT NULL,
    corrected_at timestamptz NOT NULL,
    body text NOT NULL
);
CREATE INDEX corrections_by_case ON corrections (case_id);
CREATE INDEX corrections_by_customer ON corrections (customer_id);
CREATE INDEX corrections_by_age ON corrections (corrected_at);
