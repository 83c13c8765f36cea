/* Translates libcurl's result codes to kinds and messages. `sent` comes from the counter of the
 * pre-request callback alone, never from the code. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* CURLE_TOO_LARGE of libcurl 8.6, which may be newer than its headers here: too many header lines.
 */
enum { TOO_LARGE = 100 };

static enum caudit_kind kind_of(CURLcode code, bool sent) {
  if ((int)code == TOO_LARGE) return sent ? CAUDIT_PROTOCOL : CAUDIT_CONFIG;
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
  /* The error buffer names what libcurl had no memory for, such as "Error 27 creating peer". */
  if (code == CURLE_OUT_OF_MEMORY) return "not enough memory for libcurl";
  if (!transfer->error[0]) return curl_easy_strerror(code);
  if (strncmp(transfer->error, "Connection died, tried", 22) == 0)
    return "the connection died after the request was sent";
  return transfer->error;
}

/* libcurl has no code of its own for a malformed chunk, such as one without a size; every version
 * names the chunk in its text. */
static bool is_malformed(CURLcode code, const char *text) {
  return code == CURLE_RECV_ERROR && strstr(text, "chunk") != NULL;
}

static const char *hint_for(CURLcode code, const char *text) {
  if (code == CURLE_SSL_CACERT_BADFILE) return "; check ca_file and ca_path";
  if (code == CURLE_PEER_FAILED_VERIFICATION &&
      (strstr(text, "issuer certificate") || strstr(text, "self-signed") ||
       strstr(text, "self signed")))
    return "; if the server's CA is not in the system's trust store, set ca_file to its PEM file, "
           "or ca_path to its directory";
  return "";
}

/* Writes "****" over what stands before an @: libcurl repeats URLs of proxies. */
static void copy_masked(char *out, size_t size, const char *text) {
  size_t len = 0, start = 0;
  for (; *text && len + 1 < size; text++) {
    if (*text == '@') {
      if (start + 4 >= size) break;
      memcpy(out + start, "****", 4);
      len = start + 4;
    } else if (strchr(" '\"()<>", *text) ||
               (len >= 2 && *text == '/' && out[len - 1] == '/' && out[len - 2] == ':')) {
      start = len + 1;
    }
    if (len + 1 < size) out[len++] = *text;
  }
  out[len] = '\0';
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
  char masked[sizeof transfer->message];
  copy_masked(masked, sizeof masked, text);
  begin(transfer, kind);
  (void)snprintf(transfer->message, sizeof transfer->message, "%s%s", masked, hint);
  for (char *at = transfer->message; *at; at++)
    if ((unsigned char)*at < 0x20) *at = ' ';
}

void caudit_result_fail(struct caudit_transfer *transfer, enum caudit_kind kind,
                        const char *message) {
  finish(transfer, kind, message, "");
}

static void too_long(struct caudit_transfer *transfer) {
  char text[96];
  (void)snprintf(text, sizeof text,
                 "the body of the response is longer than max_response (%zu bytes)",
                 transfer->body.max);
  finish(transfer, CAUDIT_PROTOCOL, text, "");
  transfer->result.field = "max_response";
}

void caudit_result_set(struct caudit_transfer *transfer, CURLcode code) {
  bool stopped = transfer->stopped != CAUDIT_OK;
  if (stopped ? !transfer->stop_reason : code == CURLE_FILESIZE_EXCEEDED) {
    too_long(transfer);
    return;
  }
  if (stopped) {
    finish(transfer, transfer->stopped, transfer->stop_reason, "");
    return;
  }
  if (code == CURLE_COULDNT_CONNECT && transfer->no_socket) {
    finish(transfer, CAUDIT_CONNECT, "no descriptor was left for a connection", "");
    return;
  }
  long refused = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &refused);
  if (code != CURLE_OK && transfer->requests == 0 && refused >= 300) {
    char text[64];
    (void)snprintf(text, sizeof text, "the proxy refused the connection with HTTP %ld", refused);
    /* Asked again with the same password, a proxy may lock the account. */
    bool unknown_user = refused == 407;
    finish(transfer, unknown_user ? CAUDIT_CONFIG : kind_of(code, false), text, "");
    if (unknown_user) transfer->result.field = "proxy";
    return;
  }
  if (code != CURLE_OK) {
    const char *text = text_of(transfer, code);
    enum caudit_kind kind = kind_of(code, transfer->requests > 0);
    if (is_malformed(code, text)) kind = CAUDIT_PROTOCOL;
    finish(transfer, kind, text, hint_for(code, text));
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
