/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_PROCESS_H
#define CONTAINERCTL_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "proc.h"

pid_t process_number(const char *word);
bool process_exists(pid_t pid);
bool process_refusal(pid_t pid, bool tree, bool keep, struct fault *why);

#endif
