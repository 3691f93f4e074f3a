/*
 * Calls that are wrong too easily, made into compile errors.  Force-included by the
 * Makefile after the system headers that declare them (-include base/banned.h).
 */
#ifndef PRISM_BASE_BANNED_H
#define PRISM_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat gets strtok
#pragma GCC poison gmtime localtime ctime asctime system popen tmpnam mktemp tempnam
#pragma GCC poison atoi atol atoll atof

#endif
