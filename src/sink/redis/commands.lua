-- What the scripts have in common: the commands that they are given.
-- Each run of like commands is its name, how many there are, how many arguments each has besides
-- its keys, and these. A command of Redis has one key, one of ours two.
local own = {}

-- Another command, unless one of the last so many rows of the key had this id.
function own.ONCE(key, ids, id, remembered, name, ...)
  local last = redis.call('ZREVRANGE', ids, 0, 0, 'WITHSCORES')[2] or 0
  if redis.call('ZADD', ids, 'NX', last + 1, id) == 1 then
    redis.call('ZREMRANGEBYRANK', ids, 0, -1 - remembered)
    redis.call(name, key, ...)
  end
end

-- Another command, if no row of a later time has come; the first of a time empties the key. Both
-- keys live for `ttl`, or for ever if that is empty.
function own.NEWEST(key, newest, time, ttl, name, ...)
  local held, now = tonumber(redis.call('GET', newest)), tonumber(time)
  if held and held > now then
    return
  end
  if held ~= now then
    redis.call('DEL', key)
    redis.call('SET', newest, time)
  end
  redis.call(name, key, ...)
  if ttl ~= '' then
    redis.call('PEXPIRE', key, ttl)
    redis.call('PEXPIRE', newest, ttl)
  end
end

-- Runs the commands whose keys are those behind `key`; they stand in ARGV from `at` on.
local function run(key, at)
  local call = redis.call
  while key < #KEYS do
    local name, count, width = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local ours = own[name]
    at = at + 3
    for _ = 1, count do
      key = key + 1
      -- Most are short, and unpack takes its time.
      if ours then
        ours(KEYS[key], KEYS[key + 1], unpack(ARGV, at, at + width - 1))
        key = key + 1
      elseif width == 1 then
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
end
