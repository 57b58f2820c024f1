/* SPDX-License-Identifier: MIT */
/*
 * userfile - where a user's own files are.
 *
 * Spec: XDG Base Directory Specification.
 */
#ifndef CLI_USERFILE_H
#define CLI_USERFILE_H

#include "tcpshadow/buf.h"

/* $VARIABLE/tcpshadow/NAME, or $HOME/OTHERWISE/tcpshadow/NAME; nothing when neither is set. */
void userfile_path(struct buf *out, const char *variable, const char *otherwise, const char *name);
/* Make the folders of a file, readable by the user only; what fails is seen when the file is opened. */
void userfile_make_folders(const char *file);

#endif
