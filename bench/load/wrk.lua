-- wrk -s wrk.lua URL -- sequence|random|same FIRST LAST START AMOUNT: asks for URL with a number appended, and
-- prints what was measured as one line of JSON. With an amount above 0 it asks just so often.

-- Coprime to every span that is a multiple of ten: each number comes once before any comes again, and
-- neighbours in the table do not follow one another.
local stride = 48611

function init(args)
  local order, first, last, at = args[1], tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  local amount, answered = tonumber(args[5]), 0
  local span = last - first + 1
  local head = "GET " .. wrk.path
  local tail = " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\n"
  for name, value in pairs(wrk.headers) do
    if name ~= "Host" then tail = tail .. name .. ": " .. value .. "\r\n" end
  end
  tail = tail .. "\r\n"
  if amount > 0 then
    function response()
      answered = answered + 1
      if answered == amount then wrk.thread:stop() end
    end
  end
  if order == "same" then
    local text = head .. tail
    function request() return text end
    return
  end
  function request()
    at = at + 1
    local number = order == "random" and math.random(first, last) or first + at * stride % span
    return head .. number .. tail
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\n{"requests":%d,"seconds":%.3f,"mean":%.4f,"p50":%.3f,"p99":%.3f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency.mean / 1e3, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
