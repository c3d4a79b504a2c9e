/* See version.h. */
#include "tools/version.h"

#include "matcher/hyperscan.h"
#include "sensor/capture/capture.h"

void version_print(FILE *to)
{
    struct hyperscan_target target;
    hyperscan_target(&target);
    fprintf(to, "vedette %s\nhyperscan %s\n%s\n", VEDETTE_VERSION, target.version, capture_library_version());
}
