/* Two questions to the kernel over netlink, each on a socket opened in the namespace it is about. */
#ifndef PLUMB_NETLINK_H
#define PLUMB_NETLINK_H
#include "namespaces.h"
#include <linux/if_link.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* Send one request and read the first message of its answer into `answer`. */
static void ask_kernel(int fd, void *request, void *answer, size_t bytes, const char *what) {
  if (send(fd, request, ((struct nlmsghdr *)request)->nlmsg_len, 0) < 0) stop(what, "netlink");
  if (recv(fd, answer, bytes, 0) < (ssize_t)sizeof(struct nlmsghdr)) stop(what, "netlink");
  const struct nlmsghdr *header = answer;
  if (header->nlmsg_type != NLMSG_ERROR) return;
  errno = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
  if (errno != 0) stop(what, "netlink");
}

/* Forget every connection of the namespace. fd: NETLINK_NETFILTER. Cost: a walk over the machine's whole table, 0.4 ms
 * and more. */
static void flush_conntrack(int fd) {
  struct {
    struct nlmsghdr header;
    struct nfgenmsg family;
  } request = {{.nlmsg_len = sizeof request,
                .nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE,
                .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
               {.nfgen_family = AF_INET, .version = NFNETLINK_V0}};
  char answer[1024];
  ask_kernel(fd, &request, answer, sizeof answer, "forget connections over");
}

/* Packets that arrived on an interface since it was made. fd: NETLINK_ROUTE. */
static uint64_t packets_arrived(int fd, int interface) {
  struct {
    struct nlmsghdr header;
    struct if_stats_msg about;
  } request = {{.nlmsg_len = sizeof request, .nlmsg_type = RTM_GETSTATS, .nlmsg_flags = NLM_F_REQUEST},
               {.ifindex = (uint32_t)interface, .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)}};
  union {
    struct nlmsghdr header;
    char bytes[4096];
  } answer;
  ask_kernel(fd, &request, &answer, sizeof answer, "count packets over");
  const struct rtattr *first =
      (struct rtattr *)((char *)NLMSG_DATA(&answer.header) + NLMSG_ALIGN(sizeof(struct if_stats_msg)));
  struct rtnl_link_stats64 statistics;
  memcpy(&statistics, RTA_DATA(first), sizeof statistics.rx_packets);
  return statistics.rx_packets;
}
#endif
