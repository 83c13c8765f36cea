/* Opening a multi handle, which may fail for lack of memory or of a descriptor and succeed later.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* From libcurl 8.20 on a multi handle has a descriptor of its own, and there may be none left. */
int caudit_open_multi(struct caudit_curl *curl) {
  errno = 0;
  curl->multi = curl_multi_init();
  if (!curl->multi) return errno == 0 || errno == ENOMEM ? -CAUDIT_MEMORY : -CAUDIT_CONNECT;
  curl->timer_ms = -1;
  curl->pid = getpid();
  bool ok =
      curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, caudit_watch_socket) == CURLM_OK &&
      curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl) == CURLM_OK &&
      curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, caudit_watch_timer) == CURLM_OK &&
      curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl) == CURLM_OK &&
      curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS, (long)curl->max_connections) ==
          CURLM_OK &&
      curl_multi_setopt(curl->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)curl->max_connections) ==
          CURLM_OK;
#if LIBCURL_VERSION_NUM >= 0x081400
  curl_multi_setopt(curl->multi, CURLMOPT_QUICK_EXIT, 1L);
#endif
  return ok ? 0 : -CAUDIT_CONFIG;
}

/* Without memory, libcurl (7.88 to 8.16 at least) leaves the entry of a socket half made, and
 * divides by zero when it uses that entry again. */
void caudit_multi_serve(struct caudit_curl *curl, curl_socket_t fd, int mask) {
  int running;
  if (!curl->broken &&
      curl_multi_socket_action(curl->multi, fd, mask, &running) == CURLM_OUT_OF_MEMORY)
    curl->broken = true;
}

void caudit_close_multi(struct caudit_curl *curl) {
  curl_multi_cleanup(curl->multi);
  curl->multi = NULL;
  curl->broken = false;
  curl->watch_count = curl->socket_count = 0;
  curl->timer_ms = -1;
}

int caudit_not_opened(struct caudit_error *err, int status) {
  if (status == -CAUDIT_MEMORY)
    return caudit_fail(err, CAUDIT_MEMORY, "not enough memory for another transfer");
  if (status == -CAUDIT_CONNECT)
    return caudit_fail(err, CAUDIT_CONNECT, "libcurl opened no multi handle: %s", strerror(errno));
  return caudit_fail(err, CAUDIT_CONFIG, "libcurl lacks an option that cloudaudit needs");
}
