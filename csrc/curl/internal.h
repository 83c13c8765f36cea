/* Shared by the files of the libcurl driver. Not public. Includes only public headers of the core:
 * the driver is a user of the core like any other. */
#ifndef CAUDIT_CURL_INTERNAL_H
#define CAUDIT_CURL_INTERNAL_H

#if defined(_WIN32)
#error                                                                                             \
    "cloudaudit runs on Linux; macOS and the BSDs are unverified, and Windows has no driver and no server"
#endif
/* Elsewhere it would hide MSG_DONTWAIT and getentropy. */
#if defined(__linux__) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif

#include "cloudaudit/curl.h"

#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>

/* `sent` is determined by CURLOPT_PREREQFUNCTION, so the driver needs it. */
#if LIBCURL_VERSION_NUM < 0x075000
#error "cloudaudit needs libcurl 7.80 or newer"
#endif

#define CAUDIT_AGENT "cloudaudit/" CAUDIT_VERSION

enum {
  MAX_REQUEST_HEADERS = 32,
  OWN_HEADERS = 3,            /* User-Agent, and lines that disable headers of libcurl */
  EXPECTS_ABOVE = 64 * 1024,  /* above this the Expect: 100-continue of libcurl is disabled; libcurl
                                 sends it from 1 MiB on */
  MAX_HEAD_BYTES = 64 * 1024, /* of all heads of one exchange, trailers included */
  KEPT_BYTES = 8 * 1024,      /* largest buffer that an idle transfer keeps */
  DEADLINE_GRACE_MS = 20,     /* libcurl's connect timeout comes first: its message says more */
  LATE_MS = 1000              /* for reading a response that arrived while nobody stepped */
};

/* A descriptor that libcurl waits for. */
struct caudit_watch {
  curl_socket_t fd;
  short events;
};

struct caudit_socket {
  curl_socket_t fd;
  int local_port; /* 0: not looked up yet */
  bool failed;    /* an exchange on it failed */
};

/* What a file or directory was like when it was looked at last. */
struct caudit_mark {
  uint64_t device;
  uint64_t inode;
  int64_t size;
  int64_t seconds;
  int64_t nanoseconds;
  int64_t recent; /* 1: a directory that had just changed: its time cannot tell the next change */
};

/* The trust store in use: of the options, or the system's. */
struct caudit_trust {
  const char *file;      /* PEM; NULL: none */
  const char *directory; /* of certificates under hashed names; NULL: none */
  struct caudit_mark file_mark;
  struct caudit_mark directory_mark;
  bool seen;
};

struct caudit_curl {
  struct caudit_allocator allocator;
  CURLM *multi;
  bool broken; /* the multi handle: memory was short while it worked */
  pid_t pid;   /* the process that opened the connections */
  struct caudit_watch *watches;
  struct pollfd *polls; /* scratch of the same capacity */
  size_t watch_count;
  size_t watch_capacity;
  struct caudit_socket *sockets; /* all open sockets */
  size_t socket_count;
  size_t socket_capacity;
  size_t turn;                  /* index of the watch to serve first */
  int64_t timer_ms;             /* when libcurl wants to be called, monotonic; -1: never */
  struct caudit_transfer *open; /* started and not freed, newest first */
  struct caudit_transfer *idle; /* with a handle to reuse */
  int idle_count;
  int pending;
  char *ca_file;
  char *ca_path;
  struct caudit_trust trust;
  int spelling; /* of its paths: changes with what they name */
  char *proxy;
  bool proxy_from_env;
  int connect_timeout_ms;
  size_t max_response;
  int max_connections;
};

struct caudit_transfer {
  struct caudit_allocator allocator;
  struct caudit_curl *curl; /* NULL once the transport is freed */
  struct caudit_transfer *next;
  CURL *easy;
  bool pending;              /* the handle is in the multi */
  bool direct;               /* the handle is set to bypass the transport's proxy */
  int spelling;              /* and to this spelling of the trust store's paths; -1: to none */
  char *url;                 /* and to this URL; NULL: not parsed */
  bool localhost;            /* whose host is a name for loopback */
  CURLU *read;               /* the parsed URL */
  struct caudit_buf request; /* URL, header lines and body, each ended by NUL */
  struct curl_slist lines[MAX_REQUEST_HEADERS + OWN_HEADERS];
  struct caudit_buf head;
  struct caudit_buf body;
  size_t head_bytes;
  bool head_ended; /* the final head is complete: further header lines are trailers */
  int requests;    /* how often libcurl was about to write a request */
  bool connected;  /* a socket was opened for it: its connection is not a reused one */
  int local_port;  /* of its connection, 0 before there is one */
  bool no_socket;  /* the process or the system had no descriptor left for one */
  bool stale;      /* its reused connection was found dead before anything was written */
  int64_t deadline_ms;
  int64_t late_ms;          /* the first look at it after its deadline, 0 before that */
  enum caudit_kind stopped; /* why a callback ended the exchange */
  const char *stop_reason;  /* NULL: the body is longer than allowed */
  struct caudit_exchange result;
  char error[CURL_ERROR_SIZE];
  char message[512];
};

/* ---- setup (setup.c) ---- */
/* no_env: libcurl does not look at SSLKEYLOGFILE, if this is the process's first call. */
int caudit_libcurl_init(bool no_env, struct caudit_error *err);
/* Checks ca_file, ca_path and proxy: CAUDIT_CONFIG names the wrong one. */
int caudit_options_check(const struct caudit_curl_options *options, struct caudit_error *err);

/* ---- memory, time, signals (posix.c) ---- */
void *caudit_memory(const struct caudit_allocator *allocator, void *ptr, size_t osize,
                    size_t nsize);
/* *out becomes a copy, or NULL for NULL. Returns 0 or -CAUDIT_MEMORY. */
int caudit_copy(const struct caudit_allocator *allocator, const char *text, char **out);
void caudit_drop(const struct caudit_allocator *allocator, char *text);
int64_t caudit_monotonic_ms(void);
int64_t caudit_monotonic_us(void);

/* libcurl and the TLS library may write to a dead socket. Between these two calls no SIGPIPE
 * reaches the program; signal dispositions are not changed. */
struct caudit_quiet {
  sigset_t mask;
  bool was_pending;
};
void caudit_quiet_begin(struct caudit_quiet *quiet);
void caudit_quiet_end(const struct caudit_quiet *quiet);

/* ---- the multi handle (multi.c) ---- */
int caudit_open_multi(struct caudit_curl *curl);
/* Lets libcurl serve a descriptor, or its timer. Does nothing when the multi handle is broken. */
void caudit_multi_serve(struct caudit_curl *curl, curl_socket_t fd, int mask);
/* Closes a multi handle in which no transfer is pending; the next start opens another. */
void caudit_close_multi(struct caudit_curl *curl);
/* Fills err from the status of caudit_open_multi or of a reservation; returns the status. */
int caudit_not_opened(struct caudit_error *err, int status);

/* ---- watched descriptors (poll.c) ---- */
/* Reserves room for one more transfer, so that libcurl's callback never has to allocate. */
int caudit_watch_reserve(struct caudit_curl *curl);
int caudit_watch_socket(CURL *easy, curl_socket_t fd, int what, void *ud, void *socket_ud);
int caudit_watch_timer(CURLM *multi, long timeout_ms, void *ud);
/* When a transfer ends if nothing arrives. libcurl is given no timeout but that for connecting: it
 * would look at the clock before the socket. */
int64_t caudit_transfer_end_ms(const struct caudit_transfer *transfer);
/* Milliseconds until libcurl or a deadline needs a step, at most limit_ms (negative: no limit). */
int caudit_watch_wait_ms(const struct caudit_curl *curl, int limit_ms);
/* Waits, then lets libcurl serve the ready descriptors until the time budget of a step is used up,
 * of which worked_us are gone already. */
void caudit_watch_wait(struct caudit_curl *curl, int timeout_ms, int64_t worked_us);

/* ---- sockets (sockets.c) ---- */
/* Reserves room for one more transfer. A socket without room is not checked. */
int caudit_sockets_reserve(struct caudit_curl *curl);
curl_socket_t caudit_on_socket(void *ud, curlsocktype purpose, struct curl_sockaddr *address);
int caudit_on_close(void *ud, curl_socket_t fd);
/* False when a socket with this local port was closed by the server, has unread bytes or failed. */
bool caudit_sockets_quiet(struct caudit_curl *curl, int port);
/* Marks the sockets with this local port: libcurl keeps some connections whose exchange failed, for
 * example for lack of memory to encrypt. */
void caudit_sockets_failed(struct caudit_curl *curl, int port);

/* ---- one exchange (transfer.c, easy.c) ---- */
int caudit_handle_new(struct caudit_transfer *transfer, struct caudit_curl *curl);
/* Sets the handle to use the transport's proxy, or (direct) none. */
CURLcode caudit_handle_route(struct caudit_transfer *transfer, bool direct);
/* The variable of the environment with the proxy that libcurl would use for the URL, or NULL. */
const char *caudit_proxy_variable(const char *url);
/* Sets the URL, unless it is that of the last exchange. */
CURLcode caudit_handle_url(struct caudit_transfer *transfer, const char *url);
void caudit_url_forget(struct caudit_transfer *transfer);
/* Validates and copies the request. The transfer's deadline must be set. */
int caudit_exchange_prepare(struct caudit_transfer *transfer, const struct caudit_request *request,
                            struct caudit_error *err);
size_t caudit_on_header(char *data, size_t size, size_t count, void *ud);
size_t caudit_on_body(char *data, size_t size, size_t count, void *ud);
int caudit_on_request(void *ud, char *remote, char *local, int remote_port, int local_port);

/* ---- trust (trust.c) ---- */
enum caudit_hashed {
  CAUDIT_PATH_HASHED,         /* a directory with a certificate under a hashed name */
  CAUDIT_PATH_WITHOUT_HASHES, /* a directory without one */
  CAUDIT_PATH_UNREADABLE,     /* see errno */
  CAUDIT_PATH_IS_LIST         /* OpenSSL would take the colon for the end of a path */
};
enum caudit_hashed caudit_trust_look_in(const char *path);
/* Prepares a new handle; its paths are set by the first exchange over TLS. */
CURLcode caudit_trust_init(struct caudit_transfer *transfer);
/* Looks at the trust store, and if it has changed makes this exchange verify by the new one. */
CURLcode caudit_trust_follow(struct caudit_transfer *transfer);

/* ---- results (result.c) ---- */
void caudit_result_set(struct caudit_transfer *transfer, CURLcode code);
/* For failures that libcurl does not report. */
void caudit_result_fail(struct caudit_transfer *transfer, enum caudit_kind kind,
                        const char *message);

#endif
