/* SPDX-License-Identifier: BSD-2-Clause */
#include "command.h"

int main(int argc, char **argv)
{
    return reissue_main(argc, argv);
}
