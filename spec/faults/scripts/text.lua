-- Texts for the scripts.
local text = {}

--- A body that is a success for any action.
text.SUCCESS = '{"Response":{"TrackId":1,"TotalCount":0,"Tracks":[],"RequestId":"r-1"}}'

--- An error of the service.
function text.refusal(code)
  return ('{"Response":{"Error":{"Code":"%s","Message":"no"},"RequestId":"r-2"}}'):format(code)
end

--- A response with a Content-Length; `lines` are further headers.
function text.response(status, body, lines)
  local head = { "HTTP/1.1 " .. status, "Content-Length: " .. #body }
  for _, line in ipairs(lines or {}) do
    head[#head + 1] = line
  end
  return table.concat(head, "\r\n") .. "\r\n\r\n" .. body
end

--- A response of exactly these lines.
function text.raw(lines, body)
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

--- The steps that read the request and send a text.
function text.reply(answer, ...)
  return { "request", { "send", answer }, ... }
end

return text
