#pragma once
/* What a STIX marking means as TLP: by its id, which all the world shares, or by what its definition says. */
#include "base/json_read.h"
#include "rules/indicator.h"

/* The ids of TLP 1.0 and 2.0, and those that are copied around with a wrong end. False: not one of them. */
bool stix_marking_known(struct span id, enum tlp *out);

/* What a marking-definition says of TLP, in words to be read with load_tlp(): extension tlp_2_0, definition.tlp,
 * OpenCTI's x_opencti_definition, or a name as "TLP:AMBER". Empty: it is about something else. */
struct span stix_marking_text(const json_value *definition);
