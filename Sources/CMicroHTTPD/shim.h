#pragma once
#include <microhttpd.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

// Leaves percent-encoding as the client wrote it: MHD's own decoding would cut a path at %00, so that a router would
// see another one.
static inline size_t acervo_mhd_keep_escapes(void *context, struct MHD_Connection *connection, char *text) {
  (void)context;
  (void)connection;
  return strlen(text);
}

// What the service's daemon is started with.
struct acervo_mhd_settings {
  int listen_socket;              // bound, listening and non-blocking; closed when the daemon stops
  unsigned int threads;           // event loops, each with its own epoll
  unsigned int connection_limit;  // over all threads
  unsigned int timeout_seconds;   // of silence on a connection
  size_t connection_memory;       // bytes for a request's head, and for the parts that its body arrives in
};

// MHD_start_daemon is variadic, which Swift cannot call.
static inline struct MHD_Daemon *acervo_mhd_start(const struct acervo_mhd_settings *settings,
                                                  MHD_AcceptPolicyCallback admitted,
                                                  MHD_AccessHandlerCallback access,
                                                  MHD_RequestCompletedCallback completed, void *context) {
  return MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0, admitted, context, access, context,
      MHD_OPTION_LISTEN_SOCKET, (MHD_socket)settings->listen_socket,
      MHD_OPTION_THREAD_POOL_SIZE, settings->threads,
      MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit,
      MHD_OPTION_CONNECTION_TIMEOUT, settings->timeout_seconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_memory,
      MHD_OPTION_STRICT_FOR_CLIENT, (int)1,
      MHD_OPTION_UNESCAPE_CALLBACK, acervo_mhd_keep_escapes, NULL,
      MHD_OPTION_NOTIFY_COMPLETED, completed, context,
      MHD_OPTION_END);
}

// A test's daemon on a loopback address (in host byte order; port 0 takes a free one): a thread per connection, because
// a test's handler may sleep.
static inline struct MHD_Daemon *acervo_mhd_start_loopback(uint32_t host, uint16_t port,
                                                           MHD_AccessHandlerCallback handler,
                                                           MHD_RequestCompletedCallback completed, void *context) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL, NULL,
                          handler, context, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
                          MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
                          MHD_OPTION_NOTIFY_COMPLETED, completed, context,
                          MHD_OPTION_UNESCAPE_CALLBACK, acervo_mhd_keep_escapes, NULL, MHD_OPTION_END);
}

// MHD_get_daemon_info is variadic too.
static inline unsigned acervo_mhd_port(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info == NULL ? 0 : info->port;
}

// MHD_get_connection_info is variadic too; -1 where it does not know.
static inline int acervo_mhd_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == NULL ? -1 : info->connect_fd;
}

// MHD_upgrade_action is variadic too. The library closes the socket and then ends the exchange.
static inline void acervo_mhd_close(struct MHD_UpgradeResponseHandle *handle) {
  MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
}

// The other end's address as text, without a port; 0 where there is none.
static inline int acervo_mhd_address(struct MHD_Connection *connection, char *text, size_t size) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info == NULL || info->client_addr == NULL) return 0;
  const struct sockaddr *address = info->client_addr;
  const void *bytes = NULL;
  if (address->sa_family == AF_INET) bytes = &((const struct sockaddr_in *)address)->sin_addr;
  if (address->sa_family == AF_INET6) bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
  return bytes != NULL && inet_ntop(address->sa_family, bytes, text, (socklen_t)size) != NULL;
}

// A pipe whose ends close on exec and never block; pipe2(2), which does it in one call, is a GNU extension.
static inline int acervo_pipe(int ends[2]) {
  int code = pipe(ends);
  for (int i = 0; code == 0 && i < 2; i++) {
    if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0 || fcntl(ends[i], F_SETFL, O_NONBLOCK) != 0) code = -1;
  }
  return code;
}

// epoll(7), which Swift's Glibc leaves out: tells once of each socket whose other end has closed.
static inline int acervo_watch_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int acervo_watch_add(int watch, int socket, uint64_t number) {
  struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data = {.u64 = number}};
  return epoll_ctl(watch, EPOLL_CTL_ADD, socket, &event);
}

static inline int acervo_watch_forget(int watch, int socket) {
  struct epoll_event event = {0};
  return epoll_ctl(watch, EPOLL_CTL_DEL, socket, &event);
}

// The numbers of up to 64 sockets that were closed; -1 when it was interrupted.
static inline int acervo_watch_wait(int watch, uint64_t *numbers, int milliseconds) {
  struct epoll_event events[64];
  int count = epoll_wait(watch, events, 64, milliseconds);
  for (int i = 0; i < count; i++) numbers[i] = events[i].data.u64;
  return count;
}
