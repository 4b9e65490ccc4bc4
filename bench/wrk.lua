-- for wrk: wrk -s wrk.lua URL -- METHOD BODY-FILE|- [NAME=VALUE ...]
--
-- Sends one request over and over, with these headers, and prints one line:
-- bench requests errors microseconds p50 p99 (latencies in microseconds)

function init(args)
    wrk.method = args[1]

    if args[2] ~= "-" then
        local file = assert(io.open(args[2], "rb"))
        wrk.body = file:read("*a")
        file:close()
    end

    for i = 3, #args do
        local name, value = args[i]:match("^([^=]+)=(.*)$")
        wrk.headers[name] = value
    end

    message = wrk.format()
end


function request()
    return message
end


function done(summary, latency, requests)
    local e = summary.errors

    io.write(string.format("bench %d %d %d %d %d\n", summary.requests,
             e.connect + e.read + e.write + e.status + e.timeout,
             summary.duration, latency:percentile(50),
             latency:percentile(99)))
end
