-- Who spoke last of the day for the answer: the referral, or the clock that was extended since.
ALTER TABLE cases ADD COLUMN due_said_at timestamptz;
UPDATE cases SET due_said_at = referred_at WHERE referred_at IS NOT NULL;
