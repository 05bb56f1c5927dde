#pragma once
#include <microhttpd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

// Leaves percent-encoding as the client wrote it.
static inline size_t acervo_mhd_keep_escapes(void *context, struct MHD_Connection *connection, char *text) {
  (void)context;
  (void)connection;
  return strlen(text);
}

// MHD_start_daemon is variadic, which Swift cannot call. A thread per connection: a test's handler may sleep.
static inline struct MHD_Daemon *acervo_mhd_start_loopback(MHD_AccessHandlerCallback handler, void *context) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL, NULL,
                          handler, context, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
                          MHD_OPTION_UNESCAPE_CALLBACK, acervo_mhd_keep_escapes, NULL, MHD_OPTION_END);
}

// MHD_get_daemon_info is variadic too.
static inline unsigned acervo_mhd_port(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info == NULL ? 0 : info->port;
}
