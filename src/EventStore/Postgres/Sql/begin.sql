-- Each statement must see what was committed until it began: what follows the append lock, all that its last holder did.
BEGIN ISOLATION LEVEL READ COMMITTED;
