-- The floor: DuckDB reads and hashes the six columns that every way of doing the job must read.
SELECT bit_xor(hash(userId)), bit_xor(hash(videoId)), bit_xor(hash(sessionId)), bit_xor(hash(eventName)),
  bit_xor(hash(timestamp)), bit_xor(hash(currentTime))
FROM read_parquet('{{events}}');
