/* Translates libcurl's result codes to kinds and messages. `sent` comes from the counter of the
 * pre-request callback alone, never from the code. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

static enum caudit_kind kind_of(CURLcode code, bool sent) {
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return CAUDIT_DNS;
  case CURLE_COULDNT_CONNECT:
  case CURLE_INTERFACE_FAILED:
  case CURLE_PROXY:
    return CAUDIT_CONNECT;
  case CURLE_OPERATION_TIMEDOUT:
    return CAUDIT_TIMEOUT;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_ENGINE_NOTFOUND:
  case CURLE_SSL_ENGINE_SETFAILED:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CRL_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_USE_SSL_FAILED:
    return CAUDIT_TLS;
  case CURLE_URL_MALFORMAT:
    return CAUDIT_CONFIG;
  case CURLE_UNSUPPORTED_PROTOCOL: /* also for an HTTP/0.9 response */
    return sent ? CAUDIT_PROTOCOL : CAUDIT_CONFIG;
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_FILESIZE_EXCEEDED:
    return CAUDIT_PROTOCOL;
  case CURLE_OUT_OF_MEMORY:
    return CAUDIT_MEMORY;
  default:
    /* Before the request was sent, connecting failed: a proxy's refusal is code 56. */
    return sent ? CAUDIT_TRANSPORT : CAUDIT_CONNECT;
  }
}

/* libcurl counts the retries of a handle over its whole life, and after five reports that it tried
 * that often. caudit_on_request prevented each of them. */
static const char *text_of(const struct caudit_transfer *transfer, CURLcode code) {
  if (code == CURLE_FILESIZE_EXCEEDED) return "the body of the response is longer than allowed";
  if (!transfer->error[0]) return curl_easy_strerror(code);
  if (strncmp(transfer->error, "Connection died, tried", 22) == 0)
    return "the connection died after the request was sent";
  return transfer->error;
}

static const char *hint_for(CURLcode code, const char *text) {
  if (code == CURLE_SSL_CACERT_BADFILE) return "; check ca_file";
  if (code == CURLE_PEER_FAILED_VERIFICATION &&
      (strstr(text, "issuer certificate") || strstr(text, "self-signed") ||
       strstr(text, "self signed")))
    return "; if the server's CA is not in the system's trust store, set ca_file to its PEM file";
  return "";
}

/* Resets the result; its message is empty. */
static struct caudit_exchange *begin(struct caudit_transfer *transfer, enum caudit_kind kind) {
  struct caudit_exchange *result = &transfer->result;
  memset(result, 0, sizeof *result);
  result->kind = kind;
  result->sent = transfer->requests > 0;
  result->message = transfer->message;
  transfer->message[0] = '\0';
  return result;
}

static void finish(struct caudit_transfer *transfer, enum caudit_kind kind, const char *text,
                   const char *hint) {
  begin(transfer, kind);
  (void)snprintf(transfer->message, sizeof transfer->message, "%s%s", text, hint);
  for (char *at = transfer->message; *at; at++)
    if ((unsigned char)*at < 0x20) *at = ' ';
}

void caudit_result_fail(struct caudit_transfer *transfer, enum caudit_kind kind,
                        const char *message) {
  finish(transfer, kind, message, "");
}

void caudit_result_set(struct caudit_transfer *transfer, CURLcode code) {
  if (transfer->stopped != CAUDIT_OK) {
    finish(transfer, transfer->stopped, transfer->stop_reason, "");
    return;
  }
  if (code != CURLE_OK) {
    const char *text = text_of(transfer, code);
    finish(transfer, kind_of(code, transfer->requests > 0), text, hint_for(code, text));
    return;
  }
  long status = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) {
    finish(transfer, CAUDIT_PROTOCOL, "the exchange ended without a final response", "");
    return;
  }
  if (!transfer->head_ended) {
    finish(transfer, CAUDIT_TRANSPORT, "the connection was closed within the head of the response",
           "");
    return;
  }
  struct caudit_exchange *result = begin(transfer, CAUDIT_OK);
  result->status = (int)status;
  result->head.data = transfer->head.data;
  result->head.len = transfer->head.len;
  result->body.data = transfer->body.len > 0 ? transfer->body.data : "";
  result->body.len = transfer->body.len;
}
