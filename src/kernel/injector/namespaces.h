/* Sockets in named network namespaces (/run/netns/NAME), and the one way to stop on an error. */
#ifndef PLUMB_NAMESPACES_H
#define PLUMB_NAMESPACES_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Print what could not be done and why, and exit with status 1. */
static void stop(const char *what, const char *name) {
  fprintf(stderr, "Cannot %s '%s': %s\n", what, name, strerror(errno));
  exit(1);
}

/* Sockets made from now on belong to this namespace. */
static inline void enter_netns(const char *name) {
  char path[300];
  snprintf(path, sizeof path, "/run/netns/%s", name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) stop("open network namespace", name);
  if (setns(fd, CLONE_NEWNET) < 0) stop("enter network namespace", name);
  close(fd);
}

static inline int open_socket(int domain, int type, int protocol, const char *purpose) {
  int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
  if (fd < 0) stop("open a socket for", purpose);
  return fd;
}

/* Number and hardware address of an interface of the namespace entered last. */
static inline int interface_of(const char *name, uint8_t mac[6]) {
  struct ifreq request = {0};
  int fd = open_socket(AF_INET, SOCK_DGRAM, 0, name);
  snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
  if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) stop("find interface", name);
  memcpy(mac, request.ifr_hwaddr.sa_data, 6);
  if (ioctl(fd, SIOCGIFINDEX, &request) < 0) stop("find interface", name);
  close(fd);
  return request.ifr_ifindex;
}
#endif
