DELETE FROM projections WHERE read_model = $1;
