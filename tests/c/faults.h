/* faults.h - what the preloaded library kill_preload.c does, by environment variables.
 *
 *  FAULT_UNDER   only files and directories below this path are concerned
 *  FAULT_ERRNO   every call that would take room or write fails with this number while armed
 *  KILL_POINT    "event:before" or "event:after": where the process kills itself while armed
 *  KILL_COUNT    at which time the point is met, from 1
 *
 * A program arms it with fault_arm(1), which is found at run time: without the library there is
 * none. */
#ifndef FAULTS_H
#define FAULTS_H

#define FAULT_ARM "fault_arm"

typedef void (*fault_arm_fn)(int armed);

#endif
