// Loads the official Node.js SDK and makes a client, nothing else.
"use strict";
process.env.BENCH_URL = "http://127.0.0.1:1";
require("./sdk").client();
