-- Documents: where a virus scanner is set up, a document is `quarantined` until it was scanned, and
-- nobody but the scanner sees it; one in which something was found is `refused` and its content
-- removed. `scan_at` is when it is due; a claim moves it on, so that no second process takes it.
-- `said` is the message to the case that tells of the document, until it may be sent.
ALTER TABLE documents
    ADD COLUMN state text NOT NULL DEFAULT 'kept' CHECK (state IN ('kept', 'quarantined', 'refused')),
    ADD COLUMN scan_at timestamptz,
    ADD COLUMN attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN finding text,
    ADD COLUMN said text,
    ADD COLUMN settled_at timestamptz,
    ADD CHECK ((state = 'quarantined') = (scan_at IS NOT NULL));
CREATE INDEX documents_to_scan ON documents (scan_at) WHERE scan_at IS NOT NULL;

-- Who of the bank fetched which document, and when; kept for as long as the case is.
CREATE TABLE document_fetches (
    document_id uuid NOT NULL,
    case_id uuid NOT NULL,
    fetched_by text NOT NULL,
    fetched_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX document_fetches_of_case ON document_fetches (case_id, fetched_at);

-- A notice that was overtaken before it was sent: its customer knows more already.
ALTER TABLE notices DROP CONSTRAINT notices_outcome_check;
ALTER TABLE notices ADD CONSTRAINT notices_outcome_check
    CHECK (outcome IN ('sent', 'failed', 'no_contact', 'overtaken'));

-- Cases that may have to be closed: one that is closed leaves the index until something is new.
ALTER TABLE recipients ADD COLUMN closed_at timestamptz;
-- Who had the answer before this release was never told that a case is closed, and is not now.
UPDATE recipients r SET closed_at = now()
 WHERE EXISTS (SELECT FROM notices n WHERE n.case_id = r.case_id AND n.notice = 'final_answer');
CREATE INDEX recipients_open ON recipients (case_id) WHERE closed_at IS NULL;
