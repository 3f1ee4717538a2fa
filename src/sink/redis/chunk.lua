-- Writes a chunk of committed rows whole, unless a newer start has been here or it is here already.
-- KEYS: the fence, then the key of each command. ARGV: state, start, owner, epoch, rows of it with
-- this chunk; then for each run of like commands their name, how many there are, how many arguments
-- each has besides its key, and these.
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
local call, at, key = redis.call, 6, 1
while key < #KEYS do
  local name, count, width = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  at = at + 3
  for _ = 1, count do
    key = key + 1
    -- Most are short, and unpack takes its time.
    if width == 1 then
      call(name, KEYS[key], ARGV[at])
    elseif width == 2 then
      call(name, KEYS[key], ARGV[at], ARGV[at + 1])
    elseif width == 3 then
      call(name, KEYS[key], ARGV[at], ARGV[at + 1], ARGV[at + 2])
    else
      call(name, KEYS[key], unpack(ARGV, at, at + width - 1))
    end
    at = at + width
  end
end
if not mine then
  -- Redis lost the fence, so it was not claimed: the newest that writes takes it.
  redis.call('HSET', KEYS[1], 'state', ARGV[1], 'start', ARGV[2], 'owner', ARGV[3], 'claimed', '0')
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[4], 'rows', ARGV[5])
return {'written', 0, 0}
