-- A complete call as usually written with luasocket, lua-cjson and lua-luaossl: one connection per call.
local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local example = require "bench.example"
local luaossl = require "bench.peers.luaossl"

local url = os.getenv("BENCH_URL") .. "/"
local host = url:match("^%w+://([^/]+)")

require "bench.timed"(function()
  local body, now, answer = cjson.encode(example.params), os.time(), {}
  local _, status = http.request{
    url = url, method = "POST", source = ltn12.source.string(body), sink = ltn12.sink.table(answer),
    headers = {
      host = host, ["content-type"] = "application/json", ["content-length"] = #body,
      ["x-tc-action"] = "CreateAuditTrack", ["x-tc-version"] = "2019-03-19",
      ["x-tc-timestamp"] = ("%d"):format(now), ["x-tc-region"] = "ap-guangzhou",
      authorization = luaossl.sign(example.id, example.key, host, now, body),
    },
  }
  assert(status == 200 and cjson.decode(table.concat(answer)).Response.TrackId == 1)
end)
