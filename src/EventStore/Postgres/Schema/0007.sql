-- How often rows were changed while the position stayed where it was: a part of the fence, as the position is.
ALTER TABLE projections ADD COLUMN revision bigint NOT NULL DEFAULT 0;
