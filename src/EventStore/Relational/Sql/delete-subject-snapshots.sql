-- The snapshots of every stream that has personal texts of the subject.
DELETE FROM snapshots
WHERE (category, id) IN (
    SELECT events.category, events.id
    FROM subject_keys
    JOIN events ON events.key_id = subject_keys.key_id
    WHERE subject_keys.subject = $1);
