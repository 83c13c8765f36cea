/* cloudaudit: a client for Tencent Cloud's CloudAudit API without I/O of its own. See
 * cloudaudit/curl.h for the libcurl driver. */
#ifndef CLOUDAUDIT_CLOUDAUDIT_H
#define CLOUDAUDIT_CLOUDAUDIT_H

#include "cloudaudit/base.h"
#include "cloudaudit/call.h"
#include "cloudaudit/client.h"
#include "cloudaudit/json.h"
#include "cloudaudit/model.h"
#include "cloudaudit/sign.h"

#endif
