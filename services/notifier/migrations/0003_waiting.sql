-- Several answers, or several delays, of one case may wait for its recipient: each is told.
ALTER TABLE waiting DROP CONSTRAINT waiting_pkey;
ALTER TABLE waiting ADD PRIMARY KEY (case_id, notice, sequence, cause_id);
