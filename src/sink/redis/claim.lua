-- Makes a start of a job the one that publishes committed rows to a table.
-- KEYS: the fence. ARGV: state, start, owner, the epoch that the start goes on from, and '1' where
-- its user wants it to go on whatever is here.
-- Gives what came of it and two numbers: the epoch and how many rows of it are here already.
local held = redis.call('HMGET', KEYS[1], 'state', 'start', 'owner', 'epoch', 'rows')
local start, epoch, wanted = tonumber(ARGV[2]), tonumber(ARGV[4]), ARGV[5] == '1'
local at, rows = 0, 0
if held[3] then
  local same = held[1] == ARGV[1]
  if same then
    at, rows = tonumber(held[4]), tonumber(held[5])
  end
  if held[3] == ARGV[3] then
    -- The answer was lost.
    return {'claimed', at, rows}
  elseif not wanted then
    if same and tonumber(held[2]) >= start then
      return {'newer', tonumber(held[2]), 0}
    elseif at > epoch then
      return {'ahead', at, 0}
    elseif not same and epoch > 0 then
      return {'other', tonumber(held[2]), 0}
    end
  elseif at > epoch then
    at, rows = epoch + 1, 0
  end
end
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'start', ARGV[2], 'owner', ARGV[3], 'claimed', '1', 'epoch', at, 'rows', rows)
return {'claimed', at, rows}
