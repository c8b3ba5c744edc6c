SELECT min(position) FROM projections WHERE read_model = $1;
