-- A case may be decided again: the later revision counts, whoever's clock it was written by.
ALTER TABLE cases ADD COLUMN decided_revision integer NOT NULL DEFAULT -1;
UPDATE cases SET decided_revision = 0 WHERE decision IS NOT NULL;
