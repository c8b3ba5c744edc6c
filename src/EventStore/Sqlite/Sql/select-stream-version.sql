SELECT version FROM events WHERE category = $category AND id = $id ORDER BY version DESC LIMIT 1;
