-- Each statement must see what was committed until it began: one that follows the append lock, all that the lock's last
-- holder did.
BEGIN ISOLATION LEVEL READ COMMITTED;
