/* cloudaudit: a sans-I/O client for Tencent Cloud's CloudAudit API. The libcurl driver is
 * cloudaudit/curl.h. */
#ifndef CLOUDAUDIT_CLOUDAUDIT_H
#define CLOUDAUDIT_CLOUDAUDIT_H

#include "cloudaudit/base.h"
#include "cloudaudit/call.h"
#include "cloudaudit/client.h"
#include "cloudaudit/event.h"
#include "cloudaudit/http1.h"
#include "cloudaudit/json.h"
#include "cloudaudit/model.h"
#include "cloudaudit/redact.h"
#include "cloudaudit/sign.h"

#endif
