-- Writes a chunk of committed rows whole, unless a newer start has been here or it is here already.
-- KEYS: the fence, then those of the commands. ARGV: state, start, owner, epoch, rows of it with
-- this chunk; then the commands.
local held = redis.call('HMGET', KEYS[1], 'state', 'start', 'owner', 'claimed', 'epoch', 'rows')
local mine = held[3] == ARGV[3]
if mine then
  local at, epoch = tonumber(held[5]), tonumber(ARGV[4])
  if at > epoch or at == epoch and tonumber(held[6]) >= tonumber(ARGV[5]) then
    return {'there', 0, 0}
  end
elseif held[3] and (held[4] == '1' or held[1] ~= ARGV[1] or tonumber(held[2]) >= tonumber(ARGV[2])) then
  return {'newer', tonumber(held[2]), 0}
end
run(1, 6)
if not mine then
  -- Redis lost the fence, so it was not claimed: the newest that writes takes it.
  redis.call('HSET', KEYS[1], 'state', ARGV[1], 'start', ARGV[2], 'owner', ARGV[3], 'claimed', '0')
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[4], 'rows', ARGV[5])
return {'written', 0, 0}
